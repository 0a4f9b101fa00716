#include "actors/node.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using namespace std::chrono_literals;
using supervision::child_spec;
using supervision::supervisor;
using supervision::supervisor_options;

/// How often a node says what it leads and who votes there, besides when that
/// changes.
constexpr auto say_again_every = 1s;

/// What the cluster begins with.
cluster::cluster_map founded(const node_options& of) {
  auto founders = of.founders;
  if (founders.empty())
    founders.push_back({of.self.node, {}, {}});
  return cluster::initial_map(std::move(founders), of.self.shards, of.replicas);
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
    users_(options.connections_per_user),
    presence_(options.self.node), env_{with.time,
                                       routes_,
                                       users_,
                                       with.metrics,
                                       with.log,
                                       options.conversation,
                                       options.user,
                                       options.mailbox_max,
                                       storage_full_,
                                       {founded(options), options.plan_every,
                                        options.dead_after,
                                        options.arrive_within, &presence_}},
    on_map_(with.on_map), leaders_(options.self.node, options.self.shards),
    map_(std::make_shared<const cluster::cluster_map>(env_.control.first_map)) {
  presence_.expect(map_->nodes, with.time.steady_now());
  if (with.net != nullptr)
    gateway_.emplace(
      gateway::parts{*with.net, env_, threads_.units, with.process,
                     [this](node_id by, const leading_frame& what) {
                       std::lock_guard guard{routing_};
                       route(leaders_.announced(by, what));
                     }});
  replicas_.insert(cluster::control_shard);
  for (std::uint16_t i = 0; i < options.self.shards; ++i)
    if (cluster::wants(map_->shards[i], options.self.node))
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
  child_spec desk;
  desk.name = desk.type = "control_desk";
  desk.start = [this, &unit] {
    auto started = supervision::spawn_on<control_desk>(unit, env_);
    std::lock_guard guard{routing_};
    desk_ = started;
    return caf::actor_cast<caf::actor>(started);
  };
  root_ = supervision::spawn_on<supervisor>(
    unit, named("node"),
    std::vector<child_spec>{std::move(group), std::move(desk)}, with.time);
  if (gateway_)
    say_again(alive_);
}

node::~node() = default;

child_spec node::spec_of(shard_id id) {
  child_spec out;
  out.name = "shard " + cluster::label_of(id);
  out.type = "shard";
  out.start = [this, id] { return start_shard(id); };
  out.inspectable = true;
  return out;
}

caf::actor node::start_shard(shard_id id) {
  auto& home = *threads_.units[id.value % threads_.units.size()];
  auto voters = cluster::placement_of(env_.control.first_map, id).voters;
  std::sort(voters.begin(), voters.end());
  shard_host_parts parts{
    {id, options_.self.node, log_writer_, state_writer_, *store_.state, home,
     threads_.readers, env_.time, mail_, std::move(voters), options_.raft,
     options_.seed + id.value, options_.log_trailing_bytes,
     options_.log_lagging_bytes / options_.self.shards,
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
    [this, id](const cluster::group_servers& what) { on_servers(id, what); }};
  if (id == cluster::control_shard)
    parts.on_map = [this](result<cluster::cluster_map> x) {
      if (x)
        take(*std::move(x));
      else if (x.failure().code == errc::store_foreign)
        lose_routes();
    };
  auto started = supervision::spawn_on<shard_host>(home, parts);
  std::lock_guard guard{routing_};
  if (!replicas_.contains(id)) // It was ended meanwhile.
    return caf::actor_cast<caf::actor>(started);
  local_.update(id, started);
  if (gateway_)
    gateway_->serve(id, started);
  route(leaders_.replica(id, true));
  route(id);
  // Founders' first map says where groups begin, not where they are by now.
  if (map_->version > 0)
    caf::anon_send(started, place_replica{cluster::placement_of(*map_, id)});
  return caf::actor_cast<caf::actor>(started);
}

// -- where commands go --------------------------------------------------------

/// Called on the shard's unit.
void node::on_leader(shard_id of, std::optional<node_id> leader,
                     std::uint64_t term) {
  std::lock_guard guard{routing_};
  auto led = leaders_.own().list.size();
  route(leaders_.told(of, leader, term));
  if (led == leaders_.own().list.size())
    return;
  announce();
  tell_voters(of);
}

void node::on_servers(shard_id of, const cluster::group_servers& what) {
  group_voters next{{}, what.index, what.revision};
  for (const auto& x : what.servers)
    if (x.role == cluster::raft::server_role::voter)
      next.voters.push_back(x.id);
  std::sort(next.voters.begin(), next.voters.end());
  std::lock_guard guard{routing_};
  groups_[of] = std::move(next);
  tell_voters(of);
}

/// The map has what leaders say. Locked.
void node::tell_voters(shard_id of) {
  auto found = groups_.find(of);
  if (leaders_.leader(of) != options_.self.node || found == groups_.end())
    return;
  const auto& [voters, index, revision] = found->second;
  const auto& told = cluster::placement_of(*map_, of);
  if (told.actual != voters || told.index != index
      || (!told.dropped.empty() && told.revision == revision))
    ask(shard_reached{of, voters, index, revision}, [](const error&) {});
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
  auto to = lost_ ? node_id{} : leaders_.at(of);
  if (to == options_.self.node || !gateway_)
    routes_.update(of, local_.at(of));
  else if (to == node_id{})
    routes_.update(of, {});
  else
    routes_.update(of, gateway_->shard_on(to, of));
}

/// In a cluster of another number of shards it would send what is for one
/// shard to another.
void node::lose_routes() {
  std::lock_guard guard{routing_};
  lost_ = true;
  for (std::uint16_t i = 0; i < routes_.shards(); ++i)
    route(shard_id{i});
}

/// To nodes that may have no replica of what it leads. Locked.
void node::announce() {
  if (!gateway_)
    return;
  auto frame = encode(leaders_.own());
  for (auto peer : linked_)
    // What is lost is said again.
    static_cast<void>(gateway_->send(peer, frame));
}

/// What was said may have been lost.
void node::say_again(const std::weak_ptr<bool>& alive) {
  threads_.units.front()->after(say_again_every, [this, alive] {
    if (alive.expired())
      return;
    {
      std::lock_guard guard{routing_};
      announce();
      for (const auto& x : leaders_.own().list)
        tell_voters(x.shard);
    }
    say_again(alive);
  });
}

std::optional<node_id> node::leader(shard_id of) const {
  std::lock_guard guard{routing_};
  return leaders_.leader(of);
}

// -- which replicas are here --------------------------------------------------

/// Of as many shards as this node has. Reads of one replica may pass each
/// other.
void node::take(cluster::cluster_map read) {
  auto map = std::make_shared<const cluster::cluster_map>(std::move(read));
  {
    std::lock_guard guard{routing_};
    if (map->version <= map_->version)
      return;
    map_ = map;
    presence_.expect(map->nodes, env_.time.steady_now());
    local_.to_shard(cluster::control_shard, place_replica{map->control});
    for (std::uint16_t i = 0; i < routes_.shards(); ++i)
      place({i}, map->shards.at(i));
    announce();
  }
  if (on_map_)
    on_map_(map);
}

/// Locked.
void node::place(shard_id id, const cluster::placement& where) {
  auto wanted = cluster::wants(where, options_.self.node);
  if (replicas_.contains(id)) {
    local_.to_shard(id, place_replica{where});
    // Until its group does without it, it votes.
    if (!wanted && cluster::reached(where))
      end(id);
  } else if (wanted || cluster::may_vote(where, options_.self.node)) {
    open(id);
  }
}

std::shared_ptr<const cluster::cluster_map> node::map() const {
  std::lock_guard guard{routing_};
  return map_;
}

cluster::node_health node::health() const {
  return presence_.health(map()->nodes, env_.time.steady_now(),
                          options_.dead_after);
}

std::optional<std::chrono::nanoseconds> node::away(node_id who) const {
  return presence_.away(who, env_.time.steady_now());
}

void node::change(control_change what, std::function<void(const error&)> then) {
  std::lock_guard guard{routing_};
  ask(std::move(what), std::move(then));
}

/// Locked.
void node::ask(control_change what, std::function<void(const error&)> then) {
  if (!desk_)
    return then({errc::unavailable, "this node starts", 1000});
  caf::anon_send(desk_, ask_controller{std::move(what), std::move(then)});
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
  groups_.erase(id);
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
    auto found = groups_.find(x.shard);
    out.push_back(
      {x.shard, x.term,
       found == groups_.end() ? std::vector<node_id>{} : found->second.voters});
  }
  return out;
}

void node::compare_all(std::uint64_t number,
                       std::function<void(const compared_shards&)> then) {
  supervision::spawn_on<comparison_desk>(*threads_.units.front(), env_, number,
                                         std::move(then));
}

void node::repair(shard_id which,
                  std::function<void(const result<void>&)> then) {
  auto to = local_.knows(which) ? local_.at(which) : shard_actor{};
  if (!to)
    return then(error{errc::not_found, "this node has no replica of shard "
                                         + cluster::label_of(which)});
  caf::anon_send(to, repair_replica{std::move(then)});
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
    if (local_.knows(to))
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
  presence_.on_link(peer, up, env_.time.steady_now());
  mail_.on_link(peer, up);
  gateway_->on_link(peer, up);
  std::lock_guard guard{routing_};
  for (auto id : replicas_)
    local_.to_shard(id, peer_linked{peer, up});
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
