#include "actors/node.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using namespace std::chrono_literals;
using supervision::child_spec;
using supervision::supervisor;
using supervision::supervisor_options;

/// How often a node says what it leads, besides when that changes.
constexpr auto announce_every = 1s;

bool contains(const std::vector<node_id>& in, node_id who) {
  return std::find(in.begin(), in.end(), who) != in.end();
}

bool wants(const cluster::placement& what, node_id who) {
  return contains(what.voters, who) || contains(what.learners, who);
}

supervisor_options named(const char* name) {
  supervisor_options out;
  out.name = name;
  return out;
}

} // namespace

node::node(const node_options& options, persistence::node_store store,
           node_threads threads, const node_services& with)
  : options_(options), store_(std::move(store)), threads_(std::move(threads)),
    log_writer_(*store_.log, threads_.log,
                [&metrics = with.metrics](std::chrono::nanoseconds took,
                                          std::size_t entries) {
                  metrics.log_batches.add();
                  metrics.log_entries.add(entries);
                  metrics.fsync_seconds.observe(took);
                }),
    state_writer_(*store_.state, threads_.state, options.log_bytes_max),
    mail_(with.net), routes_(options.self.shards), local_(options.self.shards),
    users_(options.connections_per_user), env_{with.time,
                                               routes_,
                                               users_,
                                               with.metrics,
                                               with.log,
                                               options.conversation,
                                               options.user,
                                               options.mailbox_max,
                                               storage_full_},
    leaders_(options.self.node, options.self.shards) {
  if (with.net != nullptr)
    gateway_.emplace(
      gateway::parts{*with.net, env_, threads_.units, with.process,
                     [this](node_id by, const leading_frame& what) {
                       std::lock_guard guard{routing_};
                       route(leaders_.announced(by, what));
                     }});
  if (options.voters.empty() || contains(options.voters, options.self.node))
    for (std::uint16_t i = 0; i < options.self.shards; ++i)
      replicas_.insert({i});
  auto& unit = *threads_.units.front();
  child_spec group;
  group.name = "shards";
  group.type = "supervisor";
  group.inspectable = true;
  // Its children have deadlines of their own.
  group.shutdown = std::chrono::minutes{1};
  group.start = [this, &unit, &time = with.time] {
    // Its children start later, on its unit.
    std::lock_guard guard{routing_};
    std::vector<child_spec> shards;
    for (auto id : replicas_)
      shards.push_back(spec_of(id));
    shards_ =
      supervision::spawn_on<supervisor>(unit, named("shards"), shards, time);
    return caf::actor_cast<caf::actor>(shards_);
  };
  root_ = supervision::spawn_on<supervisor>(
    unit, named("node"), std::vector<child_spec>{std::move(group)}, with.time);
}

node::~node() = default;

child_spec node::spec_of(shard_id id) {
  child_spec out;
  out.name = "shard " + std::to_string(id.value);
  out.type = "shard";
  out.start = [this, id] { return start_shard(id); };
  out.inspectable = true;
  return out;
}

caf::actor node::start_shard(shard_id id) {
  auto& home = *threads_.units[id.value % threads_.units.size()];
  auto voters = options_.voters;
  if (voters.empty())
    voters.push_back(options_.self.node);
  shard_host_parts parts{
    {id, options_.self.node, log_writer_, state_writer_, *store_.state, home,
     threads_.readers, env_.time, mail_, std::move(voters), options_.raft,
     options_.seed + id.value, options_.log_trailing_bytes,
     options_.checkpoint_every},
    *store_.log,
    threads_.log,
    threads_.state,
    env_,
    options_.rest_after,
    options_.sweep_every,
    [this, id](std::optional<node_id> leader, std::uint64_t term) {
      on_leader(id, leader, term);
    },
    [this, id](std::uint64_t, const cluster::raft::configuration& servers) {
      on_servers(id, servers);
    }};
  auto started = supervision::spawn_on<shard_host>(home, parts);
  std::lock_guard guard{routing_};
  if (!replicas_.contains(id)) // It was ended meanwhile.
    return caf::actor_cast<caf::actor>(started);
  local_.update(id, started);
  if (gateway_)
    gateway_->serve(id, started);
  route(leaders_.replica(id, true));
  route(id);
  if (map_ && id.value < map_->shards.size())
    caf::anon_send(started, place_replica{map_->shards[id.value]});
  return caf::actor_cast<caf::actor>(started);
}

// -- where commands go --------------------------------------------------------

/// Called on the shard's unit.
void node::on_leader(shard_id of, std::optional<node_id> leader,
                     std::uint64_t term) {
  std::lock_guard guard{routing_};
  auto led = leaders_.own().list.size();
  route(leaders_.told(of, leader, term));
  if (led != leaders_.own().list.size())
    announce();
}

void node::on_servers(shard_id of,
                      const cluster::raft::configuration& servers) {
  std::lock_guard guard{routing_};
  auto& voters = voters_[of];
  voters.clear();
  for (const auto& x : servers)
    if (x.role == cluster::raft::server_role::voter)
      voters.push_back(x.id);
}

/// Locked.
void node::route(const leader_table::changes& what) {
  for (const auto& x : what) {
    route(x.shard);
    if (gateway_ && x.from != node_id{} && x.from != options_.self.node)
      gateway_->left(x.from, x.shard);
  }
}

/// Commands go to who leads; to this node's own replica while nobody is known
/// to, which refuses them for now. Locked.
void node::route(shard_id of) {
  auto to = leaders_.at(of);
  if (to == options_.self.node || !gateway_)
    routes_.update(of, local_.at(of));
  else if (to == node_id{})
    routes_.update(of, {});
  else
    routes_.update(of, gateway_->shard_on(to, of));
}

/// To nodes that may have no replica of what it leads. Locked.
void node::announce() {
  if (!map_ || !gateway_)
    return;
  auto frame = encode(leaders_.own());
  for (auto peer : linked_)
    // What is lost is said again.
    static_cast<void>(gateway_->send(peer, frame));
}

void node::announce_later(const std::weak_ptr<bool>& alive) {
  threads_.units.front()->after(announce_every, [this, alive] {
    if (alive.expired())
      return;
    {
      std::lock_guard guard{routing_};
      announce();
    }
    announce_later(alive);
  });
}

std::optional<node_id> node::leader(shard_id of) const {
  std::lock_guard guard{routing_};
  return leaders_.leader(of);
}

// -- which replicas are here --------------------------------------------------

void node::take_map(std::shared_ptr<const cluster::cluster_map> map) {
  std::lock_guard guard{routing_};
  if (map_ && map->version < map_->version)
    return;
  auto first = map_ == nullptr;
  map_ = std::move(map);
  auto count = std::min<std::size_t>(map_->shards.size(), routes_.shards());
  for (std::size_t i = 0; i < count; ++i) {
    shard_id id{static_cast<std::uint16_t>(i)};
    const auto& where = map_->shards[i];
    auto wanted = wants(where, options_.self.node);
    if (replicas_.contains(id)) {
      local_.to_shard(id, place_replica{where});
      // Until its group does without it, it votes.
      if (!wanted && cluster::reached(where))
        end(id);
    } else if (wanted || contains(where.actual, options_.self.node)) {
      open(id);
    }
  }
  announce();
  if (first && gateway_)
    announce_later(alive_);
}

/// Locked.
void node::open(shard_id id) {
  replicas_.insert(id);
  if (shards_)
    caf::anon_send(shards_, supervision::add_child{spec_of(id)});
}

/// Locked.
void node::end(shard_id id) {
  replicas_.erase(id);
  voters_.erase(id);
  local_.update(id, {});
  if (gateway_)
    gateway_->serve(id, {});
  route(leaders_.replica(id, false));
  if (shards_)
    caf::anon_send(shards_, supervision::end_child{spec_of(id).name});
}

std::vector<node::led_shard> node::leads() const {
  std::lock_guard guard{routing_};
  std::vector<led_shard> out;
  for (const auto& x : leaders_.own().list) {
    auto voters = voters_.find(x.shard);
    out.push_back(
      {x.shard, x.term,
       voters == voters_.end() ? std::vector<node_id>{} : voters->second});
  }
  return out;
}

void node::compare_all(std::uint64_t number,
                       std::function<void(const compared_shards&)> then) {
  supervision::spawn_on<comparison_desk>(*threads_.units.front(), env_, number,
                                         std::move(then));
}

void node::hand_over() {
  std::lock_guard guard{routing_};
  for (auto id : replicas_)
    if (auto to = local_.at(id))
      caf::anon_send(to, actors::hand_over{});
}

bool node::handed_over() const {
  auto led = leads();
  return std::none_of(led.begin(), led.end(),
                      [](const auto& x) { return x.voters.size() > 1; });
}

// -- what other nodes send ----------------------------------------------------

void node::on_frame(node_id from, cluster::lane by, std::string frame) {
  using cluster::lane;
  using cluster::shard_mail;
  auto pass_on = [&](shard_id to, auto what) {
    if (to.value < options_.self.shards)
      local_.to_shard(to, replica_message{from, std::move(what)});
  };
  if (by == lane::commands)
    return gateway_->on_frame(from, by, std::move(frame));
  auto read = by == lane::consensus ? shard_mail::read(from, frame, pass_on)
                                    : shard_mail::read_bulk(frame, pass_on);
  if (!read)
    env_.log.warn("a node's frame is malformed",
                  {{"from", from}, {"why", read.failure()}});
}

void node::on_link(node_id peer, bool up) {
  mail_.on_link(peer, up);
  gateway_->on_link(peer, up);
  std::lock_guard guard{routing_};
  if (up) {
    linked_.insert(peer);
    return announce();
  }
  linked_.erase(peer);
  route(leaders_.lost(peer));
}

void node::close() {
  alive_.reset();
  if (gateway_)
    gateway_->close();
}

void node::storage_full(bool yes) {
  storage_full_.store(yes, std::memory_order_relaxed);
  env_.metrics.storage_full.set(yes ? 1 : 0);
}

} // namespace iris::actors
