#include "actors/shard_host.hpp"
#include "base/codec.hpp"

namespace iris::actors {

namespace {

using namespace std::chrono_literals;
using persistence::actor_kind;
using persistence::actor_ref;

/// Actors that one step of a sweep looks at.
constexpr std::size_t sweep_step = 64;
/// The pause behind a step, for what it woke to do its work.
constexpr auto sweep_pause = 200ms;
/// Wake marks that are read at a time.
constexpr std::size_t wake_step = 64;

/// The next actors at or behind `first`, and where to go on (empty: done).
struct actors_found {
  std::vector<actor_ref> list;
  std::string next;
};

result<actors_found> find_actors(const persistence::state_store& store,
                                 shard_id shard, std::string first,
                                 std::size_t limit) {
  actors_found out;
  auto end = persistence::prefix_end(persistence::shard_prefix(shard));
  while (out.list.size() < limit) {
    result<actor_ref> owner{actor_ref{}};
    auto found = false;
    auto scanned = store.scan(first, end, false,
                              [&](std::string_view key, std::string_view) {
                                found = true;
                                owner = persistence::owner_of(key);
                                return false;
                              });
    if (!scanned)
      return scanned.failure();
    if (!found)
      return out;
    if (!owner)
      return owner.failure();
    first = persistence::prefix_end(persistence::key_prefix(shard, *owner));
    if (owner->kind != actor_kind::shard)
      out.list.push_back(std::move(*owner));
  }
  out.next = std::move(first);
  return out;
}

} // namespace

/// Step by step: the next one is read behind what this one wakes.
void shard_host::wake_marked(std::string first) {
  shard_->read([self = caf::actor_cast<shard_actor>(this), id = with_.shard.id,
                first](const persistence::state_store& store) {
    awaken out;
    auto end = persistence::prefix_end(wake_prefix(id));
    auto scanned = store.scan(first, end, false,
                              [&](std::string_view key, std::string_view) {
                                if (out.list.size() == wake_step) {
                                  out.next_mark = key;
                                  return false;
                                }
                                if (auto who = decode_wake(key, id))
                                  out.list.push_back(std::move(*who));
                                return true;
                              });
    if (!scanned)
      return caf::anon_send(self, shard_stopped{scanned.failure()});
    caf::anon_send(self, std::move(out));
  });
}

/// What it staged before it failed counts.
void shard_host::wake_if_marked(const actor_ref& who) {
  shard_->read_staged([self = caf::actor_cast<shard_actor>(this),
                       id = with_.shard.id,
                       who](const persistence::state_store& store) {
    auto found = store.get(wake_key(id, who));
    if (!found)
      caf::anon_send(self, shard_stopped{found.failure()});
    else if (*found)
      caf::anon_send(self, awaken{{who}, {}});
  });
}

void shard_host::sweep_from(std::string first) {
  sweeping_ = !first.empty() && !stopped_ && shard_->leading();
  if (!sweeping_)
    return;
  shard_->read([self = caf::actor_cast<shard_actor>(this), &unit = home(),
                id = with_.shard.id,
                first](const persistence::state_store& store) {
    auto found = find_actors(store, id, first, sweep_step);
    if (!found)
      return caf::anon_send(self, shard_stopped{found.failure()});
    caf::anon_send(self, awaken{std::move(found->list), {}});
    unit.after(sweep_pause, [weak = caf::actor_cast<caf::weak_actor_ptr>(self),
                             next = std::move(found->next)] {
      if (auto alive = weak.lock())
        caf::anon_send(caf::actor_cast<shard_actor>(alive), sweep_on{next});
    });
  });
}

} // namespace iris::actors
