#include "apps/cli/local_key.hpp"

#include "config/load.hpp"
#include "security/key_file.hpp"

namespace iris::cli {

result<local_key> load_local_key(const std::string& config_file) {
  auto settings = config::load(config_file);
  if (!settings)
    return error{errc::config_invalid, to_string(settings.problems().front())};
  auto key = security::load_signing_key(config::signing_key_path(*settings));
  if (!key)
    return key.failure();
  return local_key{
    *settings, security::token_issuer{settings->node.name, *std::move(key)}};
}

std::string key_remedy(const error& why) {
  if (why.code == errc::not_found)
    return "start the node once, which makes its key, and run this where it "
           "runs, as its user; if the key is lost: docs/operating.md, \"The "
           "signing key\"";
  if (why.code == errc::corrupt)
    return "put the node's signing-key.json back from a backup; if there is "
           "none: docs/operating.md, \"The signing key\"";
  if (why.code == errc::io_failed)
    return "run this as the node's user, who alone may read its key: "
           "docs/operating.md, \"The signing key\"";
  return {};
}

} // namespace iris::cli
