#include "apps/cli/local_key.hpp"

#include "config/load.hpp"
#include "security/key_file.hpp"

namespace iris::cli {

namespace {

/// Who listens at all addresses does so at the loopback's.
config::endpoint seen_from_here(config::endpoint x) {
  if (x.wildcard())
    x.host = x.host == "::" ? "::1" : "127.0.0.1";
  return x;
}

} // namespace

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

result<local_address> local_address_of(const config::settings& x) {
  const std::pair<std::string, const config::endpoint&> all[] = {
    {"tcp", x.listen.tcp.address},
    {"ws", x.listen.ws.address},
    {"tls", x.listen.tls.address},
    {"wss", x.listen.wss.address}};
  for (const auto& [scheme, at] : all) {
    if (at.off() || at.port == 0)
      continue;
    auto secure = scheme == "tls" || scheme == "wss";
    auto own = secure && x.tls.generate;
    return local_address{scheme + "://" + seen_from_here(at).str(),
                         own ? (x.node.data_dir / "ca.pem").string() : ""};
  }
  return error{errc::usage, "--config: expected --server too, for this "
                            "configuration names no port for clients"};
}

std::string key_remedy(const error& why) {
  if (why.code == errc::not_found)
    return "start the node once, which makes its key, and run this where it "
           "runs, as its user and with the same IRIS_ variables; if the key is "
           "lost: docs/operating.md, \"The signing key\"";
  if (why.code == errc::corrupt)
    return "put the node's signing-key.json back from a backup; if there is "
           "none: docs/operating.md, \"The signing key\"";
  if (why.code == errc::io_failed)
    return "run this as the node's user, who alone may read its key: "
           "docs/operating.md, \"The signing key\"";
  return {};
}

} // namespace iris::cli
