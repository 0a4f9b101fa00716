#include "apps/cli/group_command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/session.hpp"
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
  group_list(const console& io, session& in) : io_(io), session_(in) {}

  void handle(const client::event& what) {
    std::visit([this](const auto& x) { on(x); }, what);
  }

private:
  static constexpr std::uint32_t page_size = 64;

  void on(const client::connected& x) {
    if (me_.empty())
      ask_page();
    me_ = x.user;
  }

  void on(const protocol::conversation_list& x) {
    more_ = x.more;
    for (const auto& one : x.list) {
      after_ = one.conversation;
      if (keep(session_.node().roster(one.conversation)))
        ++awaited_;
    }
    go_on();
  }

  void on(const protocol::members& x) {
    if (!is_direct(x))
      groups_.push_back(x);
    --awaited_;
    go_on();
  }

  void on(const client::refused& x) {
    // One that the user has left: its messages are still in the inbox.
    if (x.why.code != errc::not_a_member)
      return session_.fail(x.why);
    --awaited_;
    go_on();
  }

  template <class Event>
  void on(const Event&) {
    // nop
  }

  void ask_page() { keep(session_.node().conversations(after_, page_size)); }

  bool keep(const result<std::uint64_t>& asked) {
    if (!asked)
      session_.fail(asked.failure());
    return bool{asked};
  }

  void go_on() {
    if (awaited_ > 0)
      return;
    if (more_)
      return ask_page();
    // Answers come in the order of the shards, not of the questions.
    std::sort(groups_.begin(), groups_.end(),
              [](auto& a, auto& b) { return a.conversation < b.conversation; });
    print();
    session_.end(exit_code::ok);
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
  session& session_;
  user_id me_;
  std::optional<conversation_id> after_;
  bool more_ = false;
  std::size_t awaited_ = 0;
  std::vector<protocol::members> groups_;
};

/// Logs in to ask; its inbox is not what it came for.
result<login> prepare_to_ask(const login_options& from) {
  auto with = prepare(from);
  if (with) {
    with->options.auto_ack = false;
    with->options.inbox_window = 1;
  }
  return with;
}

} // namespace

exit_code show_roster(const group_options& options, const console& io) {
  constexpr auto task = "can't read who is in the group";
  auto group = typed_id<conversation_id>("GROUP", options.group);
  if (!group)
    return io.fail(because(task, group.failure()));
  auto with = prepare_to_ask(options.login);
  if (!with)
    return io.fail(because(task, with.failure(), key_remedy(with.failure())));
  session here{io, *std::move(with), task};
  here.on_event([&, asked = false](const client::event& x) mutable {
    if (std::holds_alternative<client::connected>(x)) {
      if (std::exchange(asked, true))
        return;
      if (auto n = here.node().roster(*group); !n)
        here.fail(n.failure());
    } else if (auto all = std::get_if<protocol::members>(&x)) {
      show(*all, io);
      here.end(exit_code::ok);
    } else if (auto refused = std::get_if<client::refused>(&x)) {
      here.fail(refused->why, group_remedy(refused->why, *group));
    }
  });
  here.expect_end_within(options.login.timeout_s, "the node to answer");
  return here.run();
}

exit_code list_groups(const group_options& options, const console& io) {
  constexpr auto task = "can't list your groups";
  auto with = prepare_to_ask(options.login);
  if (!with)
    return io.fail(because(task, with.failure(), key_remedy(with.failure())));
  session here{io, *std::move(with), task};
  group_list list{io, here};
  here.on_event([&](const client::event& x) { list.handle(x); });
  here.expect_end_within(options.login.timeout_s, "the node to answer");
  return here.run();
}

} // namespace iris::cli
