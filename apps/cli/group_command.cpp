#include "apps/cli/group_command.hpp"

#include "apps/cli/command.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/submission.hpp"
#include "apps/cli/typed_id.hpp"

namespace iris::cli {

namespace {

using names = std::vector<user_id>;

result<names> read_users(const std::vector<std::string>& from) {
  names out;
  for (const auto& x : from) {
    auto user = typed_id<user_id>("USER", x);
    if (!user)
      return user.failure();
    if (std::find(out.begin(), out.end(), *user) != out.end())
      return error{errc::usage,
                   "USER: expected each name once, found '" + x + "' twice"};
    out.push_back(*user);
  }
  return out;
}

exit_code create(const group_options& options, const console& io) {
  constexpr auto task = "can't make a group";
  auto users = read_users(options.users);
  if (!users)
    return io.fail(because(task, users.failure()));
  constexpr std::size_t title_max = protocol::limits::title_bytes_max;
  if (options.title.size() > title_max)
    return io.fail(because(
      task, {errc::usage, "--title: expected at most "
                            + std::to_string(title_max) + " bytes, found "
                            + std::to_string(options.title.size())}));
  return run({task,
              [&](client::client& by) {
                return by.create_group(options.title, *std::move(users));
              },
              [](const protocol::sent& x) { return x.conversation.str(); },
              [](const error& why) {
                return why.code == errc::too_many_members
                         ? "name fewer, or have the operator raise "
                           "limits.group_members"
                         : std::string{};
              }},
             options.login, io);
}

/// What one does to a group that is there, with the users that are named.
using change =
  std::function<result<message_id>(client::client&, conversation_id, names)>;

exit_code change_group(const group_options& options, const std::string& task,
                       const change& how, const console& io) {
  auto group = typed_id<conversation_id>("GROUP", options.group);
  if (!group)
    return io.fail(because(task, group.failure()));
  auto users = read_users(options.users);
  if (!users)
    return io.fail(because(task, users.failure()));
  submission what;
  what.task = task;
  what.submit = [&](client::client& by) {
    return how(by, *group, *std::move(users));
  };
  what.remedy = [&](const error& why) { return group_remedy(why, *group); };
  return run(what, options.login, io);
}

exit_code add(const group_options& options, const console& io) {
  return change_group(
    options, "can't add to the group",
    [](auto& by, auto group, names users) {
      return by.add(group, std::move(users));
    },
    io);
}

exit_code remove(const group_options& options, const console& io) {
  return change_group(
    options, "can't remove from the group",
    [](auto& by, auto group, names users) {
      return by.remove(group, std::move(users));
    },
    io);
}

exit_code leave(const group_options& options, const console& io) {
  return change_group(
    options, "can't leave the group",
    [](auto& by, auto group, const names&) { return by.leave(group); }, io);
}

void declare_group(CLI::App& command, group_options& x) {
  command.add_option("GROUP", x.group, "Its id")->required();
  declare(command, x.login, "iris-group");
}

void declare_change(CLI::App& command, group_options& x) {
  command.add_option("GROUP", x.group, "Its id")->required();
  command.add_option("USER", x.users, "Who")->required();
  declare(command, x.login, "iris-group");
}

void declare_create(CLI::App& command, group_options& x) {
  command.add_option("--title", x.title, "What people call it");
  command.add_option("USER", x.users, "Its members besides you, the owner");
  declare(command, x.login, "iris-group");
}

} // namespace

void add_group(CLI::App& app, action& chosen) {
  auto group = app.add_subcommand("group", "Groups and who is in them");
  group->require_subcommand(1);
  auto declare_with = [&](const char* name, const char* about, auto options,
                          auto run) {
    add_command<group_options>(*group, chosen, {name, about}, options, run);
  };
  declare_with("create", "Make a group and print its id", declare_create,
               create);
  declare_with("add", "Add members; admins and the owner may", declare_change,
               add);
  declare_with("remove", "Remove members; admins and the owner may",
               declare_change, remove);
  declare_with("leave", "Leave a group", declare_group, leave);
  declare_with(
    "list", "The groups you are in",
    [](CLI::App& command, group_options& x) {
      declare(command, x.login, "iris-group");
    },
    list_groups);
  declare_with("roster", "Who is in a group", declare_group, show_roster);
}

} // namespace iris::cli
