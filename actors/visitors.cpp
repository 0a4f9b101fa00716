#include "actors/visitors.hpp"

#include "base/assert.hpp"

namespace iris::actors {

connection_actor visitors::at(const visitor_key& who, shard_id asked) {
  std::lock_guard guard{mutex_};
  auto i = here_.find(who);
  if (i == here_.end())
    i = here_.emplace(who, entry{make_(who, asked), {}}).first;
  i->second.used = true;
  return i->second.actor;
}

void visitors::opened(const visitor_key& who, shard_id where,
                      const user_id& user) {
  std::lock_guard guard{mutex_};
  auto i = here_.find(who);
  IRIS_ASSERT(i != here_.end());
  i->second.inbox = open_one{where, {user, i->second.actor->id()}};
}

caf::actor_id visitors::closed(const visitor_key& who) {
  std::lock_guard guard{mutex_};
  auto i = here_.find(who);
  if (i == here_.end())
    return caf::invalid_actor_id;
  i->second.inbox.reset();
  return i->second.actor->id();
}

std::vector<visitors::open_one> visitors::leave(node_id home) {
  std::vector<open_one> out;
  std::vector<connection_actor> gone;
  {
    std::lock_guard guard{mutex_};
    auto first = here_.lower_bound({home, {}});
    auto last = here_.lower_bound({home.next(), {}});
    for (auto i = first; i != last; ++i) {
      if (i->second.inbox)
        out.push_back(std::move(*i->second.inbox));
      gone.push_back(std::move(i->second.actor));
    }
    here_.erase(first, last);
  }
  for (const auto& x : gone)
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  return out;
}

void visitors::leave_all() {
  std::map<visitor_key, entry> gone;
  {
    std::lock_guard guard{mutex_};
    gone.swap(here_);
  }
  for (const auto& x : gone)
    caf::anon_send_exit(x.second.actor, caf::exit_reason::user_shutdown);
}

void visitors::sweep() {
  std::vector<connection_actor> gone;
  std::lock_guard guard{mutex_};
  for (auto i = here_.begin(); i != here_.end();) {
    auto& [who, known] = *i;
    if (std::exchange(known.used, false) || known.inbox) {
      ++i;
      continue;
    }
    // Whoever still has something to tell it keeps it alive.
    gone.push_back(std::move(known.actor));
    i = here_.erase(i);
  }
}

std::size_t visitors::size() const {
  std::lock_guard guard{mutex_};
  return here_.size();
}

} // namespace iris::actors
