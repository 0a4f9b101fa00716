#include "apps/server.hpp"
#include "base/hash.hpp"
#include "cluster/plan.hpp"
#include "config/cluster_node.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace iris::apps {

namespace {

using observability::public_text;

/// How often what peers know of this start is renewed: a copy of a running
/// store that is older than this is noticed.
constexpr std::chrono::minutes renew_every{1};

std::vector<node_id> listed(const config::settings& from) {
  std::vector<node_id> out;
  for (const auto& x : config::cluster_nodes(from))
    out.push_back({x.id});
  return out;
}

const char* name_of(cluster::standing x) {
  switch (x) {
  case cluster::standing::same:
    return "same";
  case cluster::standing::different:
    return "different";
  case cluster::standing::undecided:
    return "undecided";
  default:
    return "silent";
  }
}

/// "node 2", "nodes 2 and 3", "nodes 2, 3 and 4".
template <class Nodes>
std::string listing(const Nodes& nodes) {
  std::string out = nodes.size() == 1 ? "node " : "nodes ";
  std::size_t left = nodes.size();
  for (auto x : nodes) {
    out += std::to_string(x.value);
    --left;
    out += left > 1 ? ", " : left == 1 ? " and " : "";
  }
  return out;
}

template <class Nodes>
std::string text_of(const Nodes& nodes) {
  std::string out;
  for (auto x : nodes)
    out += (out.empty() ? "" : " ") + std::to_string(x.value);
  return out;
}

/// Who began the cluster that a store is of: none if its node joined later.
std::vector<node_id> founders_of(const persistence::identity& self) {
  // Before this was recorded, every node was alone.
  return self.store == 0 ? std::vector{self.node} : self.founders;
}

/// Nodes that were founded with other words are of different clusters, however
/// alike their certificates and their logs look.
std::uint64_t founding_of(const persistence::identity& self) {
  auto founders = founders_of(self);
  if (founders.empty())
    return 0;
  return hash64(self.cluster + '\n' + std::to_string(self.shards) + '\n'
                + text_of(founders));
}

/// Never 0, which stands for none.
std::uint64_t random_number() {
  std::uint64_t out = 0;
  while (out == 0)
    out = entropy();
  return out;
}

cluster::link_options link_options(const config::settings& from,
                                   const persistence::identity& self,
                                   std::uint64_t incarnation) {
  cluster::link_options out;
  out.cluster = self.cluster;
  out.self = {self.node, self.store, incarnation, founding_of(self)};
  out.self.shards = self.shards;
  out.self.urls = from.listen.urls;
  out.listen = from.cluster.address;
  out.files = {from.cluster.ca, from.cluster.certificate,
               config::cluster_key_path(from)};
  return out;
}

/// Where a node is: this node's configuration knows better than the map, but
/// for what an operator has told the cluster since.
std::optional<config::endpoint>
address_of(node_id node, std::string_view mapped,
           const std::vector<config::cluster_node>& configured) {
  for (const auto& x : configured)
    if (x.id == node.value)
      return x.at;
  auto at = config::endpoint::parse(mapped);
  return at && !at->off() ? at : std::nullopt;
}

} // namespace

persistence::identity server::new_identity() const {
  persistence::identity out;
  out.cluster = settings_.node.name;
  out.node = {settings_.node.id};
  out.shards = static_cast<std::uint16_t>(settings_.node.shards);
  out.store = random_number();
  auto founders = listed(settings_);
  if (founders.empty())
    founders = {out.node};
  // Who is not among them joins later.
  if (std::find(founders.begin(), founders.end(), out.node) != founders.end())
    out.founders = std::move(founders);
  return out;
}

/// Whoever meant to join another cluster has to hear of this now: by itself the
/// node is fine.
void server::tell_founding(const persistence::identity& self) {
  if (self.founders.empty())
    log_.info("new store: this node joins a cluster, and founds nothing", {});
  else if (self.founders.size() > 1)
    log_.info("founded a new cluster",
              {{"founders", public_text{text_of(self.founders)}}});
  else if (settings_.cluster.address.off())
    log_.info("founded a new cluster of one, without links to other nodes", {});
  else
    log_.warn("founded a new cluster of one: to join another, list its members "
              "in cluster.nodes without this node, move node.data_dir away and "
              "start again",
              {});
}

result<std::vector<cluster::member>>
server::founders(const persistence::identity& self) {
  auto founders = founders_of(self);
  founders_ = founders;
  auto now = listed(settings_);
  if (founders.empty()) {
    // It must not found anything, whatever is listed by now.
    std::erase(now, self.node);
    if (now.empty())
      return error{errc::config_invalid,
                   "this node's store is that of one that joins a cluster: "
                   "expected other nodes in cluster.nodes"};
    founders = std::move(now);
  } else if (!now.empty() && now != founders) {
    log_.info("cluster.nodes are not those that founded the cluster, which "
              "stay",
              {{"founders", public_text{text_of(founders)}},
               {"nodes", public_text{text_of(now)}}});
  }
  std::vector<cluster::member> out;
  for (auto x : founders) {
    auto at = address_of(x, {}, config::cluster_nodes(settings_));
    out.push_back({x, at ? at->str() : std::string{}, {}});
  }
  return out;
}

result<void> server::open_links(const persistence::node_store& store) {
  // Before anybody is spoken to.
  auto starts =
    persistence::start_history::begin(*store.log, log_thread_, random_number());
  if (!starts)
    return starts.failure();
  starts_ = *std::move(starts);
  if (settings_.cluster.address.off())
    return {};
  auto peers = persistence::peer_memory::open(*store.log, log_thread_);
  if (!peers)
    return peers.failure();
  peers_ = *std::move(peers);
  auto admit = [this](const cluster::link_peer& x) {
    return peers_->admit(x.node, {x.store, x.incarnation, x.past});
  };
  auto renewed = [this](const cluster::link_peer& x, std::uint64_t mark) {
    peers_->renew(x.node, x.incarnation, mark);
  };
  auto opened = cluster::links::open(
    link_options(settings_, store.self, starts_->incarnation()),
    {system_clock(), log_, metrics_, std::move(admit), entropy(),
     [this] { return starts_->shown(); }, [this] { return starts_->mark(); },
     std::move(renewed)});
  if (!opened)
    return opened.failure();
  links_ = *std::move(opened);
  return {};
}

void server::start_links(const persistence::identity& self) {
  if (!links_)
    return;
  std::set<node_id> missing;
  for (auto x : founders_of(self))
    if (x != self.node && !peers_->met_before().contains(x))
      missing.insert(x);
  if (!missing.empty())
    log_.info("waiting to meet all founders for the first time",
              {{"nodes", public_text{text_of(missing)}}});
  auto on_met = [this](node_id x) {
    peers_->meet(x, [this, x] { release_founder(x); });
  };
  std::lock_guard guard{linking_};
  founding_ = std::make_unique<cluster::founding_gate>(
    *node_, std::move(missing), std::move(on_met));
  starts_->renew_each(renew_every);
  links_->start(*founding_);
  link_to(*node_->map());
}

/// To all that keep something; a founder that was removed need not be met.
/// Locked.
void server::link_to(const cluster::cluster_map& map) {
  if (!founding_)
    return;
  auto configured = config::cluster_nodes(settings_);
  std::vector<cluster::link_address> peers;
  for (const auto& x : map.nodes) {
    // Founders' own first map is what was configured.
    auto first = map.version == 0
                   ? x.address
                   : mapped_.try_emplace(x.id, x.address).first->second;
    auto removed = x.state == cluster::node_state::removed;
    if (removed)
      release_founder(x.id);
    auto moved = x.address != first;
    auto at =
      address_of(x.id, x.address,
                 moved ? std::vector<config::cluster_node>{} : configured);
    if (x.id.value != settings_.node.id && at
        && !(removed && cluster::empty(map, x.id)))
      peers.push_back({x.id, *std::move(at)});
  }
  links_->set_peers(std::move(peers));
}

void server::release_founder(node_id node) {
  if (founding_->release(node))
    log_.info("all founders have met", {});
}

void server::close_links() {
  if (links_ && !links_->close()) {
    // What hangs uses what would go now. What was acknowledged is durable.
    std::fputs("irisd: a link's thread hangs, as on a disk: ended without it\n",
               stderr);
    std::_Exit(EXIT_FAILURE);
  }
  if (node_)
    node_->close();
}

/// Of how many shards this node knows a leader, by leader. It leads itself only
/// where it has caught up with what was before.
std::map<node_id, std::uint32_t> server::shards_by_leader() const {
  std::map<node_id, std::uint32_t> out;
  const node_id self{settings_.node.id};
  for (std::uint16_t i = 0; i < settings_.node.shards; ++i)
    if (auto leader = node_->leader({i}); leader && *leader != self)
      ++out[*leader];
  metrics_.shard_leader.each(
    [&](std::string_view which, const observability::gauge& x) {
      if (x.value() == 1 && which != cluster::label_of(cluster::control_shard))
        ++out[self];
    });
  return out;
}

result<void> server::all_shards_are_led() const {
  std::uint32_t led = 0;
  for (const auto& x : shards_by_leader())
    led += x.second;
  if (led == settings_.node.shards)
    return {};
  return error{errc::not_leader,
               "expected " + std::to_string(settings_.node.shards)
                 + " shards with a leader, found " + std::to_string(led)};
}

result<void> server::founders_have_met() const {
  if (!founding_ || founding_->missing().empty())
    return {};
  return error{errc::no_connection, "waiting to meet "
                                      + listing(founding_->missing())
                                      + " for the first time"};
}

std::string server::describe(const actors::compared_shards& from) {
  auto shards = nlohmann::json::array();
  for (const auto& [id, x] : from) {
    auto replicas = nlohmann::json::array();
    for (const auto& one : x.found.replicas)
      replicas.push_back({{"node", one.node.value},
                          {"state", name_of(one.is)},
                          {"damage", one.damage}});
    shards.push_back({{"shard", id.value},
                      {"entry", x.found.index},
                      {"over", x.found.over},
                      {"problem", x.why ? to_string(x.why) : ""},
                      {"replicas", std::move(replicas)}});
  }
  return nlohmann::json{{"shards", std::move(shards)}}.dump();
}

/// What a link that nobody has tried to make yet waits for.
std::string server::awaited(const cluster::links::status& of) const {
  if (of.up || !of.problem.empty() || of.node.value > settings_.node.id)
    return of.problem;
  return "waiting for node " + std::to_string(of.node.value)
         + " to call: expected it to run, and to know this node (iris node "
           "list)";
}

void server::describe_cluster(nlohmann::json& out) const {
  out["incarnation"] = starts_->incarnation();
  auto& founders = out["founders"] = nlohmann::json::array();
  for (auto x : founders_)
    founders.push_back(x.value);
  out["joined"] = founders_.empty();
  auto& leaders = out["leaders"] = nlohmann::json::array();
  for (auto [node, shards] : shards_by_leader())
    leaders.push_back({{"node", node.value}, {"shards", shards}});
  if (!links_)
    return;
  auto missing = founding_->missing();
  auto& links = out["links"] = nlohmann::json::array();
  for (const auto& x : links_->describe()) {
    auto problem = awaited(x);
    if (missing.contains(x.node))
      problem = "waiting to meet it for the first time"
                + (problem.empty() ? "" : ": " + problem);
    links.push_back({{"node", x.node.value},
                     {"address", x.at.str()},
                     {"up", x.up},
                     {"version", x.version},
                     {"problem", problem},
                     {"urls", x.urls}});
  }
}

} // namespace iris::apps
