#include "actors/control_machine.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using cluster::node_state;

std::string text(node_id id) {
  return "node " + std::to_string(id.value);
}

std::string text(shard_id id) {
  return "shard " + std::to_string(id.value);
}

error not_now(std::string why) {
  return {errc::illegal_state, std::move(why)};
}

bool contains(const std::vector<node_id>& in, node_id id) {
  return std::find(in.begin(), in.end(), id) != in.end();
}

error check(const add_node& what) {
  if (what.id.value == 0)
    return {errc::bad_field, "node 0: expected a number from 1 on"};
  if (what.address.empty() || what.address.size() > cluster::address_bytes_max)
    return {errc::bad_field,
            "the address of a node: expected host:port of 1 to 255 bytes"};
  if (what.zone.size() > cluster::zone_bytes_max)
    return {errc::bad_field, "the zone of a node: expected at most 64 bytes"};
  return {};
}

} // namespace

result<void> control_machine::change(const control_change& what) {
  auto before = map_;
  auto out = std::visit([this](const auto& x) { return carry_out(x); }, what);
  if (out && map_ != before) {
    cluster::revise(map_, before);
    ++map_.version;
  }
  return out;
}

void control_machine::see(cluster::node_health nodes,
                          std::chrono::nanoseconds now) {
  watch_.look(map_, now, nodes);
  nodes_ = std::move(nodes);
}

void control_machine::plan() {
  if (auto next = cluster::plan(map_, nodes_))
    map_ = *std::move(next);
}

// -- nodes --------------------------------------------------------------------

result<void> control_machine::carry_out(const add_node& what) {
  if (auto wrong = check(what))
    return wrong;
  for (const auto& x : map_.nodes)
    if (x.id != what.id && x.address == what.address
        && x.state != node_state::removed)
      return error{errc::already_exists,
                   text(x.id) + " has the address " + x.address
                     + ": expected another for " + text(what.id)};
  if (const auto* known = find(what.id)) {
    if (known->state == node_state::removed)
      return error{errc::already_exists,
                   text(what.id)
                     + " was removed: expected a number that was "
                       "never used"};
    auto* corrected = find(what.id);
    corrected->address = what.address;
    if (!what.zone.empty())
      corrected->zone = what.zone;
    return {};
  }
  auto members =
    std::count_if(map_.nodes.begin(), map_.nodes.end(), [this](const auto& x) {
      return x.state != node_state::removed || !cluster::empty(map_, x.id);
    });
  if (static_cast<std::size_t>(members) >= cluster::members_max
      || map_.nodes.size() >= cluster::nodes_max)
    return error{errc::too_many_members,
                 "expected at most 64 nodes, and 1024 with those removed"};
  auto at = std::find_if(map_.nodes.begin(), map_.nodes.end(),
                         [&](const auto& x) { return x.id > what.id; });
  map_.nodes.insert(at, {what.id, what.address, what.zone});
  // It learns of its shards there.
  map_.control.learners.push_back(what.id);
  return {};
}

result<void> control_machine::carry_out(const remove_node& what) {
  auto* known = find(what.id);
  if (known == nullptr)
    return no_node(what.id);
  if (known->state == node_state::active)
    return not_now(text(what.id)
                   + " is active: expected one that was told to drain, for "
                     "what is removed never comes back");
  known->state = node_state::removed;
  return {};
}

result<void> control_machine::carry_out(const drain_node& what) {
  auto* known = find(what.id);
  if (known == nullptr)
    return no_node(what.id);
  if (known->state == node_state::removed)
    return not_now(text(what.id) + " was removed: expected a node that stays");
  if (what.on && !others_active(what.id))
    return not_now(text(what.id)
                   + " is the last active node: expected another that is up "
                     "to lead its shards");
  known->state = what.on ? node_state::draining : node_state::active;
  return {};
}

// -- shards -------------------------------------------------------------------

result<void> control_machine::carry_out(const move_shard& what) {
  auto* of = shard(what.shard);
  if (of == nullptr)
    return no_shard(what.shard);
  auto there = contains(of->voters, what.to);
  if (there && !contains(of->voters, what.from))
    return {};
  if (!contains(of->voters, what.from))
    return not_now(text(what.shard)
                   + (contains(of->actual, what.from) ? " already leaves "
                                                      : " has no replica on ")
                   + text(what.from) + ": expected a node that keeps one");
  if (there)
    return not_now(text(what.shard) + " has a replica on " + text(what.to)
                   + ": expected a node without one");
  if (auto may = may_get(what.to); !may)
    return may;
  if (cluster::moving(map_, nodes_))
    return error{errc::unavailable,
                 "another replica moves: one moves at a time, try again later",
                 1000};
  watch_.forgive(what.to);
  std::replace(of->voters.begin(), of->voters.end(), what.from, what.to);
  return {};
}

result<void> control_machine::carry_out(const transfer_shard& what) {
  auto* of = shard(what.shard);
  if (of == nullptr)
    return no_shard(what.shard);
  auto to = std::find(of->voters.begin(), of->voters.end(), what.to);
  if (to == of->voters.end() || !contains(of->actual, what.to))
    return not_now(text(what.to) + " has no vote in " + text(what.shard)
                   + ": expected one of its voters");
  if (auto may = may_get(what.to); !may)
    return may;
  std::rotate(of->voters.begin(), to, to + 1);
  return {};
}

result<void> control_machine::carry_out(const shard_reached& what) {
  auto* of =
    what.shard == cluster::control_shard ? &map_.control : shard(what.shard);
  if (of == nullptr)
    return no_shard(what.shard);
  auto known = std::all_of(what.voters.begin(), what.voters.end(),
                           [this](node_id id) { return find(id) != nullptr; });
  if (!known || what.voters.empty() || what.voters.size() > cluster::members_max
      || std::adjacent_find(what.voters.begin(), what.voters.end(),
                            std::greater_equal{})
           != what.voters.end())
    return error{errc::bad_field,
                 "voters: expected nodes of the cluster, in order, each once"};
  if (what.index < of->index)
    return {};
  of->actual = what.voters;
  of->index = what.index;
  if (what.revision == of->revision)
    of->dropped.clear();
  return {};
}

// -- what is there ------------------------------------------------------------

cluster::member* control_machine::find(node_id id) {
  auto found = std::find_if(map_.nodes.begin(), map_.nodes.end(),
                            [id](const auto& x) { return x.id == id; });
  return found == map_.nodes.end() ? nullptr : &*found;
}

cluster::placement* control_machine::shard(shard_id id) {
  return id.value < map_.shards.size() ? &map_.shards[id.value] : nullptr;
}

error control_machine::no_node(node_id id) const {
  std::string known;
  for (const auto& x : map_.nodes)
    if (x.state != node_state::removed)
      known += (known.empty() ? "" : ", ") + std::to_string(x.id.value);
  return {errc::not_found, "no " + text(id) + ": expected one of " + known};
}

error control_machine::no_shard(shard_id id) const {
  return {errc::not_found, "no " + text(id) + ": expected 0 to "
                             + std::to_string(map_.shards.size() - 1)};
}

result<void> control_machine::may_get(node_id id) {
  const auto* known = find(id);
  if (known == nullptr)
    return no_node(id);
  if (known->state != node_state::active)
    return not_now(text(id) + " is " + std::string{to_string(known->state)}
                   + ": expected an active node");
  if (!nodes_.up.contains(id))
    return not_now(text(id)
                   + " is down: expected a node that is up, to take "
                     "over there");
  return {};
}

bool control_machine::others_active(node_id than) const {
  return std::any_of(map_.nodes.begin(), map_.nodes.end(), [&](const auto& x) {
    return x.id != than && x.state == node_state::active
           && nodes_.up.contains(x.id);
  });
}

} // namespace iris::actors
