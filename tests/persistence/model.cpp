#include "tests/persistence/model.hpp"

#include "base/hash.hpp"
#include "persistence/keys.hpp"
#include "persistence/writes.hpp"

namespace iris::persistence {

namespace {

std::string key_of(shard_id shard, std::uint64_t n) {
  return key_prefix(shard, {actor_kind::user, main_tenant, "u"})
         + static_cast<char>('a' + n);
}

/// Carries writes out on a map.
struct map_writer {
  shard_model::content& to;

  void put(std::string_view key, std::string_view value) {
    to[std::string{key}] = *checked_payload(key, value);
  }
  void erase(std::string_view key) { to.erase(std::string{key}); }
  void erase_range(std::string_view first, std::string_view last) {
    if (first < last)
      to.erase(to.lower_bound(std::string{first}),
               to.lower_bound(std::string{last}));
  }
};

void carry_out(shard_model& on, const log_change& what) {
  if (what.state)
    on.state = *what.state;
  if (what.floor) {
    on.floor = *what.floor;
    on.entries.erase(on.entries.begin(), on.entries.begin()
                                           + static_cast<std::ptrdiff_t>(
                                             what.keep_from - on.first));
    on.first = what.keep_from;
  }
  if (what.first_index == 0)
    return;
  on.entries.resize(what.first_index - on.first);
  for (const auto& x : what.entries)
    on.entries.push_back({x.term, *x.payload});
}

void carry_out(shard_model& on, const committed_entry& what) {
  auto next = on.states.back();
  map_writer writer{next.keys};
  static_cast<void>(visit_writes(what.writes, writer));
  next.term = what.term;
  next.checksum = hash64(what.writes, next.checksum);
  on.states.push_back(std::move(next));
}

bool same_log(const shard_model& model, const loaded_log& found) {
  std::vector<shard_model::logged> entries;
  for (const auto& x : found.entries)
    entries.push_back({x.term, *x.payload});
  return found.state == model.state && found.floor == model.floor
         && found.first_index == model.first && entries == model.entries;
}

std::string describe(const shard_model& x) {
  return "first " + std::to_string(x.first) + " last "
         + std::to_string(x.last()) + " term " + std::to_string(x.state.term)
         + " floor " + std::to_string(x.floor.index);
}

} // namespace

const identity& store_model::self() {
  static const identity out{"demo", node_id{1}, shards};
  return out;
}

node_options store_model::options() {
  store_options small{std::size_t{64} << 10, std::size_t{64} << 10, true};
  return {small, small};
}

bool store_model::failed(const result<void>& done) {
  if (!done)
    failure_ = done.failure();
  return !done;
}

// -- work ---------------------------------------------------------------------

bool store_model::work(node_store& store) {
  auto dice = random_.below(100);
  if (dice < 45)
    return append(store);
  if (dice < 55)
    return replace(store);
  if (dice < 88)
    return apply(store);
  return sync(store);
}

std::string store_model::some_writes(shard_id shard) {
  writes out;
  for (auto n = random_.below(4); n > 0; --n) {
    auto key = key_of(shard, random_.below(20));
    auto dice = random_.below(10);
    auto size = random_.chance(10) ? random_.below(9000) : random_.below(50);
    if (dice < 6)
      out.put(key, std::string(size, static_cast<char>(random_.next())));
    else if (dice < 8)
      out.erase(key);
    else
      out.erase_range(key, key_of(shard, random_.below(20)));
  }
  return out.take();
}

log_change store_model::some_entries(shard_id shard, std::uint64_t first) {
  log_change out;
  out.shard = shard;
  out.first_index = first;
  auto term = models_[shard.value].state.term + (random_.chance(20) ? 1 : 0);
  out.state = hard_state{term, random_.below(3)};
  for (auto n = random_.below(3) + 1; n > 0; --n)
    out.entries.push_back(
      {term, 1, std::make_shared<const std::string>(some_writes(shard))});
  return out;
}

bool store_model::commit(node_store& store,
                         const std::vector<log_change>& changes) {
  auto after = models_;
  for (const auto& x : changes)
    carry_out(after[x.shard.value], x);
  if (failed(store.log->append(changes))) {
    in_flight_ = std::move(after);
    return false;
  }
  models_ = std::move(after);
  return true;
}

bool store_model::append(node_store& store) {
  std::vector<log_change> changes;
  for (std::uint16_t i = 0; i < shards; ++i)
    if (random_.chance(60))
      changes.push_back(some_entries({i}, models_[i].last() + 1));
  return commit(store, changes);
}

/// Another leader's entries take the place of some that are not applied.
bool store_model::replace(node_store& store) {
  auto shard = any_shard();
  const auto& model = models_[shard.value];
  auto lowest = std::max(model.first, model.applied() + 1);
  if (lowest > model.last())
    return true;
  auto first = lowest + random_.below(model.last() - lowest + 1);
  return commit(store, {some_entries(shard, first)});
}

bool store_model::apply(node_store& store) {
  auto after = models_;
  std::vector<committed_entry> entries;
  for (std::uint16_t i = 0; i < shards; ++i) {
    const auto& model = models_[i];
    auto left = model.last() - model.applied();
    for (auto n = random_.below(left + 1); n > 0; --n) {
      auto index = after[i].applied() + 1;
      const auto& entry = model.entries[index - model.first];
      entries.push_back({{i}, index, entry.term, entry.payload});
      carry_out(after[i], entries.back());
    }
  }
  auto applied = store.state->apply(entries);
  if (failed(applied ? result<void>{} : applied.failure())) {
    in_flight_ = std::move(after);
    return false;
  }
  models_ = std::move(after);
  return true;
}

bool store_model::sync(node_store& store) {
  if (failed(store.state->sync()))
    return false;
  for (auto& x : models_)
    x.synced = x.applied();
  auto shard = any_shard();
  const auto& model = models_[shard.value];
  if (model.synced == 0 || random_.chance(30))
    return true;
  log_change cut;
  cut.shard = shard;
  cut.floor = log_floor{model.synced, model.states.back().term,
                        std::to_string(random_.below(1000)), model.first};
  cut.keep_from = model.first + random_.below(model.synced + 2 - model.first);
  return commit(store, {cut});
}

// -- checks -------------------------------------------------------------------

std::string store_model::check(const node_store& store) {
  for (std::uint16_t i = 0; i < shards; ++i) {
    auto found = store.log->load({i});
    if (!found)
      return to_string(found.failure());
    auto* also = in_flight_ ? &(*in_flight_)[i] : nullptr;
    // The states first: they may be those of a log that is given up below.
    auto wrong = check_state({i}, store, also);
    if (wrong.empty())
      wrong = check_log(models_[i], *found, also);
    if (!wrong.empty())
      return "shard " + std::to_string(i) + ": " + wrong;
  }
  in_flight_.reset();
  failure_ = {};
  return {};
}

std::string store_model::check_log(shard_model& model, const loaded_log& found,
                                   const shard_model* also) {
  if (!same_log(model, found) && also && same_log(*also, found)) {
    model.state = also->state;
    model.floor = also->floor;
    model.first = also->first;
    model.entries = also->entries;
  }
  if (!same_log(model, found))
    return "the log has first " + std::to_string(found.first_index) + " and "
           + std::to_string(found.entries.size()) + " entries, term "
           + std::to_string(found.state.term) + " floor "
           + std::to_string(found.floor.index) + ", expected " + describe(model)
           + (also ? " or " + describe(*also) : "");
  if (model.applied() > model.last())
    return "applied " + std::to_string(model.applied()) + " of "
           + std::to_string(model.last());
  return {};
}

std::string store_model::check_state(shard_id shard, const node_store& store,
                                     const shard_model* also) {
  auto& model = models_[shard.value];
  auto point = store.state->applied(shard);
  if (!point)
    return to_string(point.failure());
  if (also && also->applied() > model.applied())
    model.states = also->states;
  if (point->index < model.synced || point->index > model.applied())
    return "applied " + std::to_string(point->index) + ", expected from "
           + std::to_string(model.synced) + " to "
           + std::to_string(model.applied());
  model.states.resize(point->index + 1);
  const auto& expected = model.states.back();
  if (point->checksum != expected.checksum || point->term != expected.term)
    return "another checksum or term at " + std::to_string(point->index);
  shard_model::content keys;
  auto prefix = key_prefix(shard, {actor_kind::user, main_tenant, "u"});
  auto scanned =
    store.state->scan(prefix, prefix_end(prefix), false,
                      [&](std::string_view key, std::string_view payload) {
                        keys.emplace(key, payload);
                        return true;
                      });
  if (!scanned)
    return to_string(scanned.failure());
  return keys == expected.keys ? "" : "other keys or values";
}

} // namespace iris::persistence
