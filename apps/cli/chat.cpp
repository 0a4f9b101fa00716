#include "apps/cli/chat.hpp"

#include <algorithm>
#include <charconv>

namespace iris::cli {

namespace {

constexpr auto help = "/history [N], /who, /quit; // begins a line with /";

} // namespace

// -- from the node ------------------------------------------------------------

void chat::handle(const client::event& what) {
  std::visit([this](const auto& x) { on(x); }, what);
}

void chat::on(const client::connected& x) {
  me_ = x.user;
  conversation_ = options_.to.conversation(me_);
  lost_ = false;
  view_.connected(me_, options_.to.str());
}

void chat::on(const client::disconnected& x) {
  // Attempts to come back that fail are no news.
  if (!std::exchange(lost_, true))
    view_.disconnected(x.reason);
}

void chat::on(const protocol::live&) {
  // After a reconnect, what was missed has been shown as it came.
  if (!std::exchange(live_, true))
    ask_history(options_.history);
}

void chat::on(const client::message& x) {
  if (!live_ || x.item.conversation != conversation_)
    return;
  if (ready())
    show(x.item);
  else
    early_.push_back(x.item);
}

void chat::show(const protocol::item& what) {
  if (what.seq <= *shown_)
    return;
  shown_ = what.seq;
  if (what.from != me_ || what.device != options_.device)
    view_.message(what);
}

void chat::on(const protocol::sent& x) {
  auto i = pending_.find(x.id);
  if (i == pending_.end())
    return;
  view_.sent(x, i->second);
  pending_.erase(i);
}

void chat::on(const client::failed& x) {
  auto i = pending_.find(x.id);
  if (i == pending_.end())
    return;
  failed_ = true;
  view_.failed(x.id, i->second, x.why);
  pending_.erase(i);
}

void chat::on(const protocol::history_page& x) {
  if (!answered(x.n))
    return;
  // None were wanted: it was only asked for to learn whether it may be.
  if (ready() || options_.history > 0)
    for (const auto& one : x.list)
      view_.message(one);
  begin(x.head);
}

void chat::on(const protocol::statuses& x) {
  if (answered(x.n))
    view_.status(x.users);
}

void chat::on(const protocol::members& x) {
  if (!answered(x.n))
    return;
  std::vector<user_id> all;
  for (const auto& one : x.list)
    all.push_back(one.user);
  asked(question::status, node_.ask_status(std::move(all)));
}

void chat::on(const client::refused& x) {
  auto i = asked_.find(x.n);
  if (i == asked_.end())
    return;
  auto first = i->second == question::history && !ready();
  asked_.erase(i);
  auto outside =
    first
    && (x.why.code == errc::not_found || x.why.code == errc::not_a_member);
  if (outside && !options_.to.user) {
    closed_ = x.why;
    return;
  }
  // Where nobody has written yet there is no conversation to have a history.
  if (!outside)
    view_.notice(to_string(x.why));
  if (first)
    begin({});
}

void chat::begin(sequence head) {
  if (ready())
    return;
  shown_ = head;
  for (const auto& x : std::exchange(early_, {}))
    show(x);
  view_.ready();
}

// -- from the terminal --------------------------------------------------------

bool chat::type(const std::string& line) {
  if (line.empty())
    return true;
  if (!line.starts_with('/')) {
    send(line);
    return true;
  }
  if (line.starts_with("//")) {
    send(line.substr(1));
    return true;
  }
  return command(line);
}

bool chat::command(const std::string& line) {
  constexpr std::string_view history = "/history ";
  if (line == "/quit")
    return false;
  if (line == "/who") {
    ask_who();
  } else if (line == "/history") {
    ask_history(options_.history);
  } else if (line.starts_with(history)) {
    std::uint32_t count = 0;
    auto begin = line.data() + history.size(), end = line.data() + line.size();
    auto [rest, bad] = std::from_chars(begin, end, count);
    if (bad != std::errc{} || rest != end || count == 0
        || count > protocol::limits::page_max)
      view_.notice("expected a number from 1 to "
                   + std::to_string(protocol::limits::page_max));
    else
      ask_history(count);
  } else if (line == "/help") {
    view_.notice(help);
  } else {
    failed_ = true;
    auto word = line.substr(0, line.find(' '));
    view_.notice("there is no " + word + ", and nothing was sent; " + help);
  }
  return true;
}

void chat::send(const std::string& line) {
  auto id = node_.send(options_.to, line);
  if (!id) {
    failed_ = true;
    view_.failed({}, line, id.failure());
    return;
  }
  pending_.emplace(*id, line);
  view_.queued(*id, line);
}

void chat::ask_history(std::uint32_t count) {
  if (count == 0 && options_.to.user)
    return begin({});
  asked(question::history,
        node_.ask_history(conversation_, std::max(count, 1U)));
}

void chat::ask_who() {
  if (options_.to.user)
    asked(question::status, node_.ask_status({*options_.to.user}));
  else
    asked(question::roster, node_.ask_roster(conversation_));
}

void chat::asked(question what, const result<std::uint64_t>& n) {
  if (n)
    asked_.emplace(*n, what);
  else
    view_.notice(to_string(n.failure()));
}

bool chat::answered(std::uint64_t n) {
  return asked_.erase(n) > 0;
}

} // namespace iris::cli
