#include "apps/cli/login.hpp"

#include "apps/cli/command.hpp"
#include "apps/cli/files.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/typed_id.hpp"
#include "base/clock.hpp"
#include "clients/cpp/url.hpp"
#include "security/jws.hpp"

#include <filesystem>

namespace iris::cli {

namespace {

error wrong(const std::string& text) {
  return {errc::usage, text};
}

constexpr auto usual_server = "tcp://127.0.0.1:7300";

/// Signs a new token for each connection.
std::function<std::string()> sign_tokens(security::token_issuer by,
                                         const user_id& who) {
  auto issuer = std::make_shared<security::token_issuer>(std::move(by));
  security::claims whom;
  whom.user = who;
  return [issuer, whom] {
    auto token =
      issuer->issue(whom, std::chrono::hours{1}, system_clock().wall_now());
    return token ? *token : std::string{};
  };
}

/// Whom a token is for, by its own word: whether that is true, the node tells.
/// Nobody, if it isn't a token.
user_id bearer_of(const std::string& token) {
  auto read = security::parse_jws(token);
  auto said = ordered_json::parse(read ? read->payload : "", nullptr, false);
  auto name = said.find("sub");
  auto out = name != said.end() && name->is_string()
               ? user_id::parse(name->get<std::string>())
               : error{errc::token_invalid, "expected a user"};
  return out ? *out : user_id{};
}

/// Reads the file again for each connection but the first: a token lives for a
/// day, and whoever renews it replaces the file. A pipe gives its token once.
/// Fails with forbidden if it is not the token of `as`, before a connection
/// with it ends another of its own user.
result<std::function<std::string()>> read_tokens(const std::string& file,
                                                 const user_id& as) {
  auto first = read_token(file);
  if (!first)
    return first.failure();
  auto bearer = bearer_of(*first);
  if (!as.empty() && !bearer.empty() && bearer != as)
    return error{errc::forbidden, "the token is for " + bearer.str()
                                    + ", expected one for " + as.str()};
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

/// What the token comes from, and where its node is.
struct source {
  std::function<std::string()> token;
  local_address node;
};

/// The node of --config is where that says that it listens.
result<source> source_of(const login_options& from, const user_id& as) {
  if (!from.token_file.empty()) {
    auto token = read_tokens(from.token_file, as);
    if (!token)
      return token.failure();
    return source{*std::move(token), {usual_server, {}}};
  }
  if (from.config.empty())
    return wrong("expected --token-file FILE, or --config FILE and --as USER");
  if (as.empty())
    return wrong("--config: expected --as USER too, whom to sign a token for");
  auto key = load_local_key(from.config);
  if (!key)
    return key.failure();
  local_address node{from.server, {}};
  if (from.server.empty()) {
    auto found = local_address_of(key->settings);
    if (!found)
      return found.failure();
    node = *std::move(found);
  }
  return source{sign_tokens(std::move(key->issuer), as), std::move(node)};
}

} // namespace

void declare(CLI::App& command, login_options& x, std::string device) {
  x.device = x.usual_device = std::move(device);
  command.add_option("--server", x.server,
                     "tcp://, tls://, ws:// or wss://; if not given, where the "
                     "node of --config listens, else "
                       + std::string{usual_server});
  command.add_option("--ca", x.ca,
                     "Whom to trust, with tls:// and wss://; the system's "
                     "authorities if not given");
  auto token =
    command.add_option("--token-file", x.token_file, "File with a token");
  command
    .add_option("-c,--config", x.config,
                "Instead of a token and --server: sign one with the key of "
                "this node's configuration, and connect where that listens")
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
  auto device = typed_id<device_id>("--device", from.device);
  if (!device)
    return device.failure();
  user_id as;
  if (!from.as.empty()) {
    auto named = typed_id<user_id>("--as", from.as);
    if (!named)
      return named.failure();
    as = *named;
  }
  auto by = source_of(from, as);
  if (!by)
    return by.failure();
  auto server = from.server.empty() ? by->node.server : from.server;
  auto ca = from.ca.empty() ? by->node.ca : from.ca;
  auto where = client::url::parse(server);
  if (!where)
    return wrong("--server: " + where.failure().context);
  if (where->secure) {
    auto tls = client::tls_context::create(ca);
    if (!tls)
      return wrong("--ca: " + tls.failure().context);
    out.tls = *std::move(tls);
  } else if (!ca.empty()) {
    return wrong("--ca: expected a --server with tls:// or wss://, found "
                 + server);
  }
  out.names_authority = !ca.empty();
  out.options.endpoints = {server};
  out.options.device = *device;
  out.options.token = std::move(by->token);
  out.options.agent = "iris-cli";
  return out;
}

} // namespace iris::cli
