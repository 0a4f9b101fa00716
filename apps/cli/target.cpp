#include "apps/cli/target.hpp"

#include "apps/cli/typed_id.hpp"

namespace iris::cli {

void declare(CLI::App& command, target_options& x) {
  command.add_option("--to", x.to, "Whom to write to: a user");
  command.add_option("--group", x.group, "Or a group, by its id");
}

conversation_id target::conversation(const user_id& me) const {
  return user ? direct_conversation(me, *user) : group;
}

std::string target::str() const {
  return user ? user->str() : group.str();
}

result<target> read(const target_options& from) {
  if (from.to.empty() == from.group.empty())
    return error{errc::usage,
                 "expected either --to USER or --group ID, found "
                   + std::string{from.to.empty() ? "neither" : "both"}};
  target out;
  if (from.group.empty()) {
    auto user = typed_id<user_id>("--to", from.to);
    if (!user)
      return user.failure();
    out.user = *user;
    return out;
  }
  auto group = typed_id<conversation_id>("--group", from.group);
  if (!group)
    return group.failure();
  out.group = *group;
  return out;
}

} // namespace iris::cli
