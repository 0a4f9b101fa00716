// The cluster's map, for operators: what it says, and how they change it.
#include "apps/elsewhere.hpp"
#include "apps/server.hpp"
#include "cluster/plan.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace iris::apps {

namespace {

using nlohmann::json;

json to_json(const std::vector<node_id>& nodes) {
  auto out = json::array();
  for (auto x : nodes)
    out.push_back(x.value);
  return out;
}

bool contains(const std::vector<node_id>& in, node_id id) {
  return std::find(in.begin(), in.end(), id) != in.end();
}

/// Nothing moves, and nothing will as long as the nodes are as they are.
bool settled(const cluster::cluster_map& map,
             const cluster::node_health& health) {
  return cluster::reached(map.control)
         && std::all_of(map.shards.begin(), map.shards.end(), cluster::reached)
         && !cluster::plan(map, health);
}

json to_json(const cluster::placement& of, std::optional<node_id> leader) {
  return {{"voters", to_json(of.voters)},
          {"actual", to_json(of.actual)},
          {"dropped", to_json(of.dropped)},
          {"leader", leader ? json(leader->value) : json()},
          {"moving", !cluster::reached(of)}};
}

// What the controller is asked for what an operator asked.

actors::control_change to_control(const admin::add_node& x) {
  return actors::add_node{x.id, x.address, x.zone};
}

actors::control_change to_control(const admin::remove_node& x) {
  return actors::remove_node{x.id};
}

actors::control_change to_control(const admin::drain_node& x) {
  return actors::drain_node{x.id, x.on};
}

actors::control_change to_control(const admin::move_shard& x) {
  return actors::move_shard{x.shard, x.from, x.to};
}

actors::control_change to_control(const admin::transfer_shard& x) {
  return actors::transfer_shard{x.shard, x.to};
}

} // namespace

void server::serve_map(admin::handlers& to) {
  to.nodes = [this](const admin::respond& respond) {
    respond(describe_nodes());
  };
  to.shards = [this](const admin::respond& respond) {
    respond(describe_shards());
  };
  to.change = [this](const admin::cluster_change& what,
                     const admin::respond& respond) {
    change_map(what, respond);
  };
}

std::string server::describe_nodes() const {
  auto map = node_->map();
  auto health = node_->health();
  std::map<node_id, std::uint32_t> leads;
  auto controller = node_->leader(cluster::control_shard);
  auto leaderless = controller ? 0 : 1;
  for (std::uint16_t i = 0; i < map->shards.size(); ++i)
    if (auto leader = node_->leader({i}))
      ++leads[*leader];
    else
      ++leaderless;
  auto nodes = json::array();
  for (const auto& x : map->nodes) {
    auto replicas =
      std::count_if(map->shards.begin(), map->shards.end(),
                    [&](const auto& y) { return contains(y.actual, x.id); });
    auto away = node_->away(x.id);
    nodes.push_back(
      {{"id", x.id.value},
       {"address", x.address},
       {"zone", x.zone},
       {"state", cluster::to_string(x.state)},
       {"up", health.up.contains(x.id)},
       {"dead", health.dead.contains(x.id)},
       {"away_ms", away ? json(*away / std::chrono::milliseconds{1}) : json()},
       {"leads", leads[x.id]},
       {"controller", controller == x.id},
       {"replicas", replicas},
       {"empty", cluster::empty(*map, x.id)}});
  }
  return json{{"version", map->version},
              {"self", settings_.node.id},
              {"settled", settled(*map, health)},
              {"leaderless", leaderless},
              {"nodes", std::move(nodes)}}
    .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string server::describe_shards() const {
  auto map = node_->map();
  auto shards = json::array();
  for (std::uint16_t i = 0; i < map->shards.size(); ++i) {
    auto shard = to_json(map->shards[i], node_->leader({i}));
    shard["shard"] = i;
    shards.push_back(std::move(shard));
  }
  return json{
    {"version", map->version},
    {"settled", settled(*map, node_->health())},
    {"control", to_json(map->control, node_->leader(cluster::control_shard))},
    {"shards", std::move(shards)}}
    .dump();
}

void server::change_map(const admin::cluster_change& what,
                        const admin::respond& respond) {
  auto asked = std::visit([](const auto& x) { return to_control(x); }, what);
  node_->change(std::move(asked), [respond](const error& why) {
    if (why)
      respond(why);
    else
      respond(std::string{R"({"done":true})"});
  });
}

void server::describe_map(json& out) const {
  auto map = node_->map();
  const auto* self = cluster::find(*map, {settings_.node.id});
  out["map_version"] = map->version;
  out["state"] = self ? cluster::to_string(self->state) : "unknown";
}

/// Whether to send clients here, and what else to do.
result<void> server::takes_clients() const {
  if (stopped_)
    return error{errc::draining, "this node stops"};
  auto map = node_->map();
  const auto* self = cluster::find(*map, {settings_.node.id});
  if (self == nullptr || self->state == cluster::node_state::active)
    return {};
  auto number = std::to_string(settings_.node.id);
  if (self->state == cluster::node_state::draining)
    return error{errc::draining,
                 "this node drains, its clients go to others; to have it back: "
                 "iris node drain "
                   + number + " --off; to have it go: iris node remove "
                   + number};
  // It may have a vote without a replica of any shard (docs/adr/0012).
  return error{errc::draining,
               "this node was removed, and its number never comes back: stop "
               "it once iris node list, at another node, says: node "
                 + number + " keeps nothing any more"};
}

/// For clients that have to go. Any thread.
std::vector<std::string> server::elsewhere() const {
  if (!links_)
    return {};
  return apps::elsewhere({settings_.node.id}, *node_->map(),
                         links_->describe());
}

/// Clients go to other nodes for as long as this one drains. On the reader's
/// thread.
void server::heed(const cluster::cluster_map& map) {
  const auto* self = cluster::find(map, {settings_.node.id});
  auto state = self ? self->state : cluster::node_state::active;
  if (!listening_ || stopped_ || state == std::exchange(heeded_, state))
    return;
  if (state == cluster::node_state::active)
    log_.info("this node takes clients again", {});
  else if (state == cluster::node_state::draining)
    log_.info("this node drains: clients are told to go to others", {});
  else
    log_.warn("this node was removed, and its number never comes back: stop it "
              "once iris node list, at another node, says that it keeps "
              "nothing any more; for another one here, begin with iris node "
              "add and an empty node.data_dir",
              {});
  for (auto& x : listeners_)
    state == cluster::node_state::active ? x.second->welcome()
                                         : x.second->drain();
}

} // namespace iris::apps
