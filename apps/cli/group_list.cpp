#include "apps/cli/errand.hpp"
#include "apps/cli/group_command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/table.hpp"
#include "apps/cli/typed_id.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

std::string name_of(protocol::role x) {
  switch (x) {
  case protocol::role::admin:
    return "admin";
  case protocol::role::owner:
    return "owner";
  default:
    // Those that a newer node knows count as this one.
    return "member";
  }
}

void show(const protocol::members& x, const console& io) {
  if (io.json) {
    auto list = ordered_json::array();
    for (const auto& one : x.list)
      list.push_back({{"user", one.user.str()},
                      {"role", name_of(one.role)},
                      {"since", one.since.value}});
    io.out << to_line({{"conversation", x.conversation.str()},
                       {"title", x.title},
                       {"head", x.head.value},
                       {"members", list}})
           << std::endl;
    return;
  }
  table rows{{"USER", "ROLE", "SINCE"}};
  for (const auto& one : x.list)
    rows.add(
      {one.user.str(), name_of(one.role), std::to_string(one.since.value)});
  rows.print(io.out);
  io.out.flush();
}

/// The conversation of two users, or of one with himself. The node lists those
/// with the groups.
bool is_direct(const protocol::members& x) {
  return !x.list.empty()
         && x.conversation
              == direct_conversation(x.list.front().user, x.list.back().user);
}

/// Asks for all conversations, page by page, and for who is in each of a page:
/// what is on its way is bounded by a page.
class group_list {
public:
  explicit group_list(const console& io) : io_(io) {}

  result<void> ask(client::client& by) {
    return outcome_of(by.conversations(after_, page_size));
  }

  /// Whether all are there, and shown.
  result<bool> heed(const client::event& what, client::client& by) {
    return std::visit([&](const auto& x) { return on(x, by); }, what);
  }

  /// One that the user has left: its messages are still in the inbox.
  static bool tolerates(const error& why) {
    return why.code == errc::not_a_member;
  }

private:
  static constexpr std::uint32_t page_size = 64;

  result<bool> on(const client::connected& x, client::client&) {
    me_ = x.user;
    return false;
  }

  result<bool> on(const protocol::conversation_list& x, client::client& by) {
    more_ = x.more;
    for (const auto& one : x.list) {
      after_ = one.conversation;
      if (auto asked = by.roster(one.conversation); !asked)
        return asked.failure();
      ++awaited_;
    }
    return go_on(by);
  }

  result<bool> on(const protocol::members& x, client::client& by) {
    if (!is_direct(x))
      groups_.push_back(x);
    --awaited_;
    return go_on(by);
  }

  result<bool> on(const client::refused& x, client::client& by) {
    if (!tolerates(x.why))
      return x.why;
    --awaited_;
    return go_on(by);
  }

  template <class Event>
  result<bool> on(const Event&, client::client&) {
    return false;
  }

  result<bool> go_on(client::client& by) {
    if (awaited_ > 0)
      return false;
    if (more_) {
      if (auto asked = ask(by); !asked)
        return asked.failure();
      return false;
    }
    // Answers come in the order of the shards, not of the questions.
    std::sort(groups_.begin(), groups_.end(),
              [](auto& a, auto& b) { return a.conversation < b.conversation; });
    print();
    return true;
  }

  std::string my_role(const protocol::members& in) const {
    for (const auto& x : in.list)
      if (x.user == me_)
        return name_of(x.role);
    return "";
  }

  void print() const {
    table rows{{"GROUP", "MEMBERS", "YOU", "LAST", "TITLE"}};
    auto list = ordered_json::array();
    for (const auto& x : groups_) {
      rows.add({x.conversation.str(), std::to_string(x.list.size()), my_role(x),
                std::to_string(x.head.value), x.title});
      list.push_back({{"conversation", x.conversation.str()},
                      {"title", x.title},
                      {"members", x.list.size()},
                      {"role", my_role(x)},
                      {"head", x.head.value}});
    }
    if (io_.json)
      io_.out << to_line({{"groups", list}}) << '\n';
    else
      rows.print(io_.out);
    io_.out.flush();
  }

  const console& io_;
  user_id me_;
  std::optional<conversation_id> after_;
  bool more_ = false;
  std::size_t awaited_ = 0;
  std::vector<protocol::members> groups_;
};

} // namespace

exit_code show_roster(const group_options& options, const console& io) {
  errand what;
  what.task = "can't read who is in the group";
  auto group = typed_id<conversation_id>("GROUP", options.group);
  if (!group)
    return io.fail(because(what.task, group.failure()));
  what.ask = [&](client::client& by) { return outcome_of(by.roster(*group)); };
  what.heed = [&io](const client::event& x, client::client&) -> result<bool> {
    auto all = std::get_if<protocol::members>(&x);
    if (all != nullptr)
      show(*all, io);
    return all != nullptr;
  };
  what.remedy = [&](const error& why) { return group_remedy(why, *group); };
  return run(what, options.login, io);
}

exit_code list_groups(const group_options& options, const console& io) {
  group_list list{io};
  errand what;
  what.task = "can't list your groups";
  what.ask = [&](client::client& by) { return list.ask(by); };
  what.heed = [&](const client::event& x, client::client& by) {
    return list.heed(x, by);
  };
  what.tolerates = group_list::tolerates;
  return run(what, options.login, io);
}

} // namespace iris::cli
