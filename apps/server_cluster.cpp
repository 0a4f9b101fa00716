#include "apps/server.hpp"
#include "base/hash.hpp"
#include "config/cluster_node.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace iris::apps {

namespace {

using observability::public_text;

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

std::string text_of(const std::vector<node_id>& nodes) {
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

cluster::link_options link_options(const config::settings& from,
                                   const persistence::identity& self,
                                   std::uint64_t incarnation) {
  cluster::link_options out;
  out.cluster = self.cluster;
  out.self = {self.node, self.store, incarnation, founding_of(self)};
  out.listen = from.cluster.address;
  out.files = {from.cluster.ca, from.cluster.certificate,
               config::cluster_key_path(from)};
  return out;
}

std::vector<cluster::link_address> peers_in(const config::settings& from) {
  std::vector<cluster::link_address> out;
  for (auto& x : config::cluster_nodes(from))
    if (x.id != from.node.id)
      out.push_back({{x.id}, std::move(x.at)});
  return out;
}

} // namespace

persistence::identity server::new_identity() const {
  persistence::identity out;
  out.cluster = settings_.node.name;
  out.node = {settings_.node.id};
  out.shards = static_cast<std::uint16_t>(settings_.node.shards);
  while (out.store == 0)
    out.store = entropy();
  auto founders = listed(settings_);
  if (founders.empty())
    founders = {out.node};
  // Who is not among them joins later.
  if (std::find(founders.begin(), founders.end(), out.node) != founders.end())
    out.founders = std::move(founders);
  return out;
}

result<std::vector<node_id>> server::voters(const persistence::identity& self) {
  auto founders = founders_of(self);
  auto now = listed(settings_);
  if (founders.empty()) {
    // It must not found anything, whatever is listed by now.
    std::erase(now, self.node);
    if (now.empty())
      return error{errc::config_invalid,
                   "this node's store is that of one that joins a cluster: "
                   "expected other nodes in cluster.nodes"};
    return now;
  }
  if (!now.empty() && now != founders)
    log_.warn("cluster.nodes are not those that founded the cluster, which "
              "stay",
              {{"founders", public_text{text_of(founders)}},
               {"nodes", public_text{text_of(now)}}});
  return founders;
}

result<void> server::open_links(const persistence::node_store& store) {
  // Before anybody is spoken to.
  auto incarnation = store.log->next_incarnation();
  if (!incarnation)
    return incarnation.failure();
  incarnation_ = *incarnation;
  if (settings_.cluster.address.off())
    return {};
  auto peers = persistence::peer_memory::open(*store.log, log_thread_);
  if (!peers)
    return peers.failure();
  peers_ = *std::move(peers);
  auto admit = [this](const cluster::link_peer& x) {
    return peers_->admit(x.node, {x.store, x.incarnation});
  };
  auto opened = cluster::links::open(
    link_options(settings_, store.self, incarnation_),
    {system_clock(), log_, metrics_, std::move(admit), entropy()});
  if (!opened)
    return opened.failure();
  links_ = *std::move(opened);
  return {};
}

void server::start_links() {
  if (!links_)
    return;
  links_->start(*node_);
  links_->set_peers(peers_in(settings_));
}

void server::close_links() {
  if (links_)
    links_->close();
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
    [&](std::string_view, const observability::gauge& x) {
      if (x.value() == 1)
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

void server::describe_cluster(nlohmann::json& out) const {
  out["incarnation"] = incarnation_;
  auto& leaders = out["leaders"] = nlohmann::json::array();
  for (auto [node, shards] : shards_by_leader())
    leaders.push_back({{"node", node.value}, {"shards", shards}});
  if (!links_)
    return;
  auto& links = out["links"] = nlohmann::json::array();
  for (const auto& x : links_->describe())
    links.push_back({{"node", x.node.value},
                     {"address", x.at.str()},
                     {"up", x.up},
                     {"problem", x.problem}});
}

} // namespace iris::apps
