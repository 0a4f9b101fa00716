#include "actors/errands.hpp"

namespace iris::actors {

namespace {

/// How many answers a command gets.
std::size_t answers_of(const auto&) {
  return 1;
}

std::size_t answers_of(const read_statuses& what) {
  return what.users.size();
}

const connection_actor* asker_of(const auto& what) {
  if constexpr (requires { what.reply_to; })
    return &what.reply_to;
  else if constexpr (requires { what.from->id(); })
    return &what.from;
  else
    return nullptr;
}

/// The last answer to its tag, whichever shard gives it.
template <class Answer>
constexpr bool ends_all = false;
template <>
constexpr bool ends_all<submitted> = true;
template <>
constexpr bool ends_all<lost> = true;
template <>
constexpr bool ends_all<shard_compared> = true;

} // namespace

bool errands::begin(node_id peer, const command_frame& what) {
  return std::visit(
    [&]<class T>(const T& x) {
      std::lock_guard guard{mutex_};
      if constexpr (std::is_same_v<T, close_inbox>) {
        auto i = clients_.find({peer, x.from});
        return i != clients_.end()
               && std::exchange(i->second.inbox, std::nullopt).has_value();
      }
      const auto* by = asker_of(x);
      if (by == nullptr)
        return true;
      auto& known = clients_[{peer, (*by)->id()}];
      known.who = caf::actor_cast<caf::weak_actor_ptr>(*by);
      known.used = true;
      if constexpr (std::is_same_v<T, open_inbox>)
        known.inbox = what.where;
      if constexpr (requires { x.tag; }) {
        known.commands[{x.tag, what.where}] = answers_of(x);
        // The connection waits for so many and no more: the oldest was given
        // up.
        if (known.commands.size() > protocol::limits::in_flight_max)
          known.commands.erase(known.commands.begin());
      }
      return true;
    },
    what.what);
}

bool errands::cancel(node_id peer, const command_frame& what) {
  return std::visit(
    [&]<class T>(const T& x) {
      const auto* by = asker_of(x);
      if (by == nullptr)
        return true;
      std::lock_guard guard{mutex_};
      auto i = clients_.find({peer, (*by)->id()});
      if (i == clients_.end())
        return false;
      if constexpr (requires { x.tag; })
        return i->second.commands.erase({x.tag, what.where}) > 0;
      else
        return std::exchange(i->second.inbox, std::nullopt).has_value();
    },
    what.what);
}

connection_actor errands::end(node_id peer, const answer_frame& what) {
  std::lock_guard guard{mutex_};
  auto i = clients_.find({peer, what.to.number});
  if (i == clients_.end())
    return {};
  auto& known = i->second;
  auto waited_for = true;
  std::visit(
    [&]<class T>(const T& x) {
      if constexpr (ends_all<T>) {
        auto ended = std::erase_if(known.commands, [&](const auto& y) {
          return y.first.first == x.tag;
        });
        // Who was told before has asked again.
        if constexpr (std::is_same_v<T, lost>)
          waited_for = ended > 0;
      } else if constexpr (std::is_same_v<T, answered>)
        take_answer(known, x);
      else if constexpr (std::is_same_v<T, attached>) {
        if (x.refused)
          known.inbox.reset();
      } else if constexpr (!std::is_same_v<T, inbox_page>)
        known.inbox.reset();
    },
    what.what);
  return waited_for ? caf::actor_cast<connection_actor>(known.who.lock())
                    : connection_actor{};
}

void errands::take_answer(client& of, const answered& what) const {
  if (auto* one = std::get_if<protocol::user_status>(&what.answer)) {
    auto i = of.commands.find({what.tag, home_of_(one->user)});
    if (i != of.commands.end() && --i->second == 0)
      of.commands.erase(i);
    return;
  }
  std::erase_if(of.commands,
                [&](const auto& x) { return x.first.first == what.tag; });
}

void errands::lose(node_id peer, std::optional<shard_id> where,
                   const error& why) {
  std::vector<std::pair<connection_actor, std::optional<lost>>> told;
  {
    std::lock_guard guard{mutex_};
    auto first = clients_.lower_bound({peer, caf::actor_id{0}});
    for (auto i = first; i != clients_.end() && i->first.first == peer; ++i) {
      auto& known = i->second;
      auto to = caf::actor_cast<connection_actor>(known.who.lock());
      std::erase_if(known.commands, [&](const auto& x) {
        auto gone = !where || x.first.second == *where;
        if (gone && to)
          told.emplace_back(to, lost{x.first.first, why});
        return gone;
      });
      if (!known.inbox || (where && *known.inbox != *where))
        continue;
      known.inbox.reset();
      if (to)
        told.emplace_back(to, std::nullopt);
    }
  }
  for (auto& [to, what] : told) {
    if (what)
      caf::anon_send(to, std::move(*what));
    else
      caf::anon_send(to, detached{});
  }
}

void errands::sweep() {
  std::lock_guard guard{mutex_};
  for (auto i = clients_.begin(); i != clients_.end();) {
    auto& known = i->second;
    auto used = std::exchange(known.used, false);
    auto stays = known.who.lock() && (used || known.inbox);
    i = stays ? std::next(i) : clients_.erase(i);
  }
}

std::size_t errands::size() const {
  std::lock_guard guard{mutex_};
  return clients_.size();
}

} // namespace iris::actors
