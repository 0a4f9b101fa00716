#include "apps/cli/admin_options.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/typed_id.hpp"
#include "base/clock.hpp"
#include "config/units.hpp"

namespace iris::cli {

namespace {

struct token_options {
  std::string user;
  std::string device;
  std::string lifetime;
  std::string role = "user";
  std::string config;
  bool remote = false;
  admin_options admin;
};

/// What is to be issued, checked.
struct token_request {
  security::claims whom;
  std::optional<std::chrono::seconds> lifetime;
};

result<token_request> read(const token_options& from) {
  token_request out;
  auto user = typed_id<user_id>("--user", from.user);
  if (!user)
    return user.failure();
  out.whom.user = *user;
  if (!from.device.empty()) {
    auto device = typed_id<device_id>("--device", from.device);
    if (!device)
      return device.failure();
    out.whom.device = *device;
  }
  if (!from.lifetime.empty()) {
    auto length = config::parse_duration(from.lifetime);
    if (!length || *length < std::chrono::seconds{1}
        || *length > security::token_lifetime_max)
      return error{errc::usage,
                   "--lifetime: expected 1s to 24h, like 30m, found '"
                     + from.lifetime + "'"};
    out.lifetime = std::chrono::duration_cast<std::chrono::seconds>(*length);
  }
  // Who administers reads nobody's messages: one token has one purpose.
  if (from.role == "operator")
    out.whom.roles = {security::role::cluster_operator};
  return out;
}

exit_code show(const std::string& token, const console& io) {
  io.out << (io.json ? to_line({{"token", token}}) : token) << std::endl;
  return exit_code::ok;
}

exit_code issue_here(const std::string& file, const token_request& what,
                     const console& io) {
  auto failed = "can't issue a token for " + what.whom.user.str();
  auto by = load_local_key(file);
  if (!by)
    return io.fail(because(failed, by.failure(), key_remedy(by.failure())));
  auto lifetime =
    what.lifetime.value_or(std::chrono::duration_cast<std::chrono::seconds>(
      by->settings.auth.token_lifetime));
  auto token = by->issuer.issue(what.whom, lifetime, system_clock().wall_now());
  return token ? show(*token, io) : io.fail(because(failed, token.failure()));
}

exit_code issue_there(const admin_options& by, const token_request& what,
                      const console& io) {
  auto failed = "can't issue a token for " + what.whom.user.str();
  ordered_json body{{"user", what.whom.user.str()}};
  if (what.whom.device)
    body["device"] = what.whom.device->str();
  if (what.lifetime)
    body["lifetime_s"] = what.lifetime->count();
  auto answer = call(by, {"POST", "/v1/tokens", {}, to_line(body)});
  if (!answer) {
    auto out =
      because(failed, answer.failure(), operator_remedy(answer.failure()));
    if (out.code != exit_code::usage)
      out.remedy += "; or sign it where the node's key is: --config FILE";
    return io.fail(out);
  }
  auto said = nlohmann::json::parse(answer->body, nullptr, false);
  if (!said.is_object() || !said["token"].is_string())
    return io.fail({exit_code::failed, failed,
                    "the answer holds no token, expected {\"token\":…}",
                    "check that " + by.url + " is a node of Iris"});
  return show(said["token"].get<std::string>(), io);
}

exit_code issue(const token_options& options, const console& io) {
  auto what = read(options);
  if (!what)
    return io.fail(because("can't issue a token", what.failure()));
  if (!options.config.empty())
    return issue_here(options.config, *what, io);
  if (options.role == "operator")
    return io.fail({exit_code::usage, "can't issue a token for an operator",
                    "a node issues tokens for users only, expected --config",
                    "run it where the node's key is, with --config FILE"});
  return issue_there(options.admin, *what, io);
}

void declare_issue(CLI::App& command, token_options& x) {
  command.add_option("--user", x.user, "Whom the token speaks for")->required();
  command.add_option("--device", x.device, "The only device it is good for");
  command.add_option("--lifetime", x.lifetime,
                     "Up to 24h; what the node's configuration says if not "
                     "given");
  command
    .add_option("--role", x.role,
                "user: sends and receives; operator: "
                "administers")
    ->check(one_of({"user", "operator"}))
    ->capture_default_str();
  auto config =
    command.add_option("-c,--config", x.config,
                       "Sign here, with the key of this node's configuration");
  declare(command, x.admin);
  config->excludes("--admin")->excludes("--token-file");
}

} // namespace

void add_token(CLI::App& app, action& chosen) {
  auto token = app.add_subcommand("token", "Tokens that clients log in with");
  token->require_subcommand(1);
  add_command<token_options>(*token, chosen,
                             {"issue", "Issue a token and print it alone"},
                             declare_issue, issue);
}

} // namespace iris::cli
