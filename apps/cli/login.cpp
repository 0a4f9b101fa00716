#include "apps/cli/login.hpp"

#include "apps/cli/command.hpp"
#include "apps/cli/files.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/typed_id.hpp"
#include "base/clock.hpp"
#include "clients/cpp/url.hpp"

#include <filesystem>

namespace iris::cli {

namespace {

error wrong(const std::string& text) {
  return {errc::usage, text};
}

/// Signs a new token for each connection.
result<std::function<std::string()>> sign_tokens(const std::string& config,
                                                 const user_id& who) {
  auto key = load_local_key(config);
  if (!key)
    return key.failure();
  auto issuer =
    std::make_shared<security::token_issuer>(std::move(key->issuer));
  security::claims whom;
  whom.user = who;
  return std::function<std::string()>{[issuer, whom] {
    auto token =
      issuer->issue(whom, std::chrono::hours{1}, system_clock().wall_now());
    return token ? *token : std::string{};
  }};
}

/// Reads the file again for each connection but the first: a token lives for a
/// day, and whoever renews it replaces the file. A pipe gives its token once.
result<std::function<std::string()>> read_tokens(const std::string& file) {
  auto first = read_token(file);
  if (!first)
    return first.failure();
  std::error_code ignored;
  auto again = std::filesystem::is_regular_file(file, ignored);
  return std::function<std::string()>{
    [file, again, token = *first, fresh = true]() mutable {
      if (std::exchange(fresh, false) || !again)
        return token;
      auto now = read_token(file);
      return now ? *now : std::string{};
    }};
}

result<std::function<std::string()>> tokens(const login_options& from,
                                            const user_id& as) {
  if (!from.token_file.empty())
    return read_tokens(from.token_file);
  if (from.config.empty())
    return wrong("expected --token-file FILE, or --config FILE and --as USER");
  if (as.empty())
    return wrong("--config: expected --as USER too, whom to sign a token for");
  return sign_tokens(from.config, as);
}

} // namespace

void declare(CLI::App& command, login_options& x, std::string device) {
  x.device = x.usual_device = std::move(device);
  command.add_option("--server", x.server, "tcp://, tls://, ws:// or wss://")
    ->capture_default_str();
  command.add_option("--ca", x.ca,
                     "Whom to trust, with tls:// and wss://; the system's "
                     "authorities if not given");
  auto token =
    command.add_option("--token-file", x.token_file, "File with a token");
  command
    .add_option("-c,--config", x.config,
                "Instead of a token: sign one with the key of this node's "
                "configuration")
    ->excludes(token);
  command.add_option("--as", x.as, "Who you are");
  command
    .add_option("--device", x.device,
                "Which of your devices this is: one connection each")
    ->capture_default_str();
  command
    .add_option("--timeout", x.timeout_s,
                "Seconds to wait for the node; 0 is for ever")
    ->check(between(0.0, 86400.0))
    ->capture_default_str();
}

result<login> prepare(const login_options& from) {
  login out;
  auto where = client::url::parse(from.server);
  if (!where)
    return wrong("--server: " + where.failure().context);
  auto device = typed_id<device_id>("--device", from.device);
  if (!device)
    return device.failure();
  if (!from.as.empty()) {
    auto as = typed_id<user_id>("--as", from.as);
    if (!as)
      return as.failure();
    out.as = *as;
  }
  auto token = tokens(from, out.as);
  if (!token)
    return token.failure();
  if (where->secure) {
    auto tls = client::tls_context::create(from.ca);
    if (!tls)
      return wrong("--ca: " + tls.failure().context);
    out.tls = *std::move(tls);
  } else if (!from.ca.empty()) {
    return wrong("--ca: expected a --server with tls:// or wss://, found "
                 + from.server);
  }
  out.names_authority = !from.ca.empty();
  out.options.endpoints = {from.server};
  out.options.device = *device;
  out.options.token = *std::move(token);
  out.options.agent = "iris-cli";
  return out;
}

} // namespace iris::cli
