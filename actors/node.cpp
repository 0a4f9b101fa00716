#include "actors/node.hpp"

namespace iris::actors {

namespace {

using supervision::child_spec;
using supervision::supervisor;
using supervision::supervisor_options;

/// The founders by number, at least this node.
std::vector<cluster::member> founders(const node_options& of) {
  std::vector<cluster::member> out;
  for (auto x : of.voters)
    out.push_back({x, {}, {}});
  if (out.empty())
    out.push_back({of.self.node, {}, {}});
  return out;
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
    nodes_(options.self.node, with.time.steady_now()),
    env_{with.time,    routes_,
         users_,       with.metrics,
         with.log,     options.conversation,
         options.user, options.mailbox_max,
         storage_full_} {
  env_.control.first_map = cluster::initial_map(
    founders(options), options.self.shards, options.replicas);
  env_.control.dead_after = options.dead_after;
  env_.control.nodes = &nodes_;
  map_ = std::make_shared<const cluster::cluster_map>(env_.control.first_map);
  for (std::uint16_t i = 0; i < options.self.shards; ++i)
    leaders_[{i}];
  leaders_[cluster::control_shard];
  if (with.net != nullptr)
    gateway_.emplace(
      gateway::parts{*with.net, env_, threads_.units, with.process});
  std::vector<child_spec> shards;
  for (const auto& x : leaders_)
    shards.push_back(child_for(x.first));
  auto& unit = *threads_.units.front();
  desk_ = supervision::spawn_on<control_desk>(unit, env_);
  child_spec group;
  group.name = "shards";
  group.type = "supervisor";
  group.inspectable = true;
  // Its children have deadlines of their own.
  group.shutdown = std::chrono::minutes{1};
  group.start = [&unit, shards, &time = with.time] {
    return caf::actor_cast<caf::actor>(
      supervision::spawn_on<supervisor>(unit, named("shards"), shards, time));
  };
  root_ = supervision::spawn_on<supervisor>(
    unit, named("node"), std::vector<child_spec>{std::move(group)}, with.time);
}

node::~node() = default;

child_spec node::child_for(shard_id id) {
  child_spec out;
  out.name =
    "shard "
    + (id == cluster::control_shard ? "control" : std::to_string(id.value));
  out.type = "shard";
  out.start = [this, id] { return start_shard(id); };
  out.inspectable = true;
  return out;
}

caf::actor node::start_shard(shard_id id) {
  auto& home = *threads_.units[id.value % threads_.units.size()];
  auto control = id == cluster::control_shard;
  auto voters = options_.voters;
  if (control)
    voters = env_.control.first_map.control.voters;
  else if (voters.empty())
    voters.push_back(options_.self.node);
  shard_host_parts parts{
    {id, options_.self.node, log_writer_, state_writer_, *store_.state, home,
     threads_.readers, env_.time, mail_, std::move(voters), options_.raft,
     options_.seed + id.value, options_.log_trailing_bytes},
    *store_.log,
    threads_.log,
    threads_.state,
    env_,
    options_.rest_after,
    options_.sweep_every,
    [this, id](std::optional<node_id> leader) { on_leader(id, leader); },
    {},
    [this, id](const std::vector<node_id>& x) { on_voters(id, x); }};
  if (control)
    parts.on_map = [this](cluster::cluster_map x) { on_map(std::move(x)); };
  auto started = supervision::spawn_on<shard_host>(home, parts);
  local_.update(id, started);
  routes_.update(id, started);
  if (gateway_)
    gateway_->serve(id, started);
  return caf::actor_cast<caf::actor>(started);
}

/// Commands go to who leads; to this node's own replica while nobody is known
/// to, which refuses them for now. Called on the shard's unit.
void node::on_leader(shard_id of, std::optional<node_id> leader) {
  auto other = leader && *leader != options_.self.node;
  auto& before = leaders_.at(of);
  if (before && before != leader && gateway_)
    gateway_->left(*before, of);
  before = other ? leader : std::nullopt;
  if (other && gateway_)
    routes_.update(of, gateway_->shard_on(*leader, of));
  else
    routes_.update(of, local_.at(of));
}

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
  nodes_.on_link(peer, up, env_.time.steady_now());
  mail_.on_link(peer, up);
  gateway_->on_link(peer, up);
}

/// Reads of one replica may pass each other.
void node::on_map(cluster::cluster_map what) {
  std::lock_guard guard{publishing_};
  if (what.version > map_.load()->version)
    map_ = std::make_shared<const cluster::cluster_map>(std::move(what));
}

/// Now and then, so nobody has to wait for it to be taken.
void node::on_voters(shard_id of, const std::vector<node_id>& voters) {
  auto map = map_.load();
  const auto& known =
    of == cluster::control_shard ? map->control : map->shards.at(of.value);
  if (known.actual != voters)
    change(shard_reached{of, voters}, [](const error&) {});
}

void node::change(control_change what, std::function<void(const error&)> then) {
  caf::anon_send(desk_, ask_controller{std::move(what), std::move(then)});
}

void node::close() {
  caf::anon_send_exit(desk_, caf::exit_reason::user_shutdown);
  if (gateway_)
    gateway_->close();
}

void node::storage_full(bool yes) {
  storage_full_.store(yes, std::memory_order_relaxed);
  env_.metrics.storage_full.set(yes ? 1 : 0);
}

} // namespace iris::actors
