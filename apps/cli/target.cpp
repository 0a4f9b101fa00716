#include "apps/cli/target.hpp"

namespace iris::cli {

void declare(CLI::App& command, target_options& x) {
  auto whom = command.add_option_group("target", "One of");
  whom->add_option("--to", x.to, "A user");
  whom->add_option("--group", x.group, "A group, by its id");
  whom->require_option(1);
}

conversation_id target::conversation(const user_id& me) const {
  return user ? direct_conversation(me, *user) : group;
}

std::string target::str() const {
  return user ? user->str() : group.str();
}

result<target> read(const target_options& from) {
  target out;
  if (from.group.empty()) {
    auto user = user_id::parse(from.to);
    if (!user)
      return error{errc::usage, "--to: " + user.failure().context};
    out.user = *user;
    return out;
  }
  auto group = conversation_id::parse(from.group);
  if (!group)
    return error{errc::usage, "--group: " + group.failure().context};
  out.group = *group;
  return out;
}

} // namespace iris::cli
