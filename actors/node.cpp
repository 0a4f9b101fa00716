#include "actors/node.hpp"

namespace iris::actors {

namespace {

using supervision::child_spec;
using supervision::supervisor;
using supervision::supervisor_options;

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
    leaders_(options.self.shards), led_by_(options.self.shards) {
  if (with.net != nullptr)
    gateway_.emplace(
      gateway::parts{*with.net, env_, threads_.units, with.process});
  std::vector<child_spec> shards;
  for (std::uint16_t i = 0; i < options.self.shards; ++i) {
    child_spec spec;
    spec.name = "shard " + std::to_string(i);
    spec.type = "shard";
    spec.start = [this, i] { return start_shard({i}); };
    spec.inspectable = true;
    shards.push_back(std::move(spec));
  }
  auto& unit = *threads_.units.front();
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
    [this, id](std::optional<node_id> leader) { on_leader(id, leader); }};
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
  led_by_[of.value] = leader.value_or(node_id{}).value;
  auto other = leader && *leader != options_.self.node;
  auto& before = leaders_[of.value];
  if (before && before != leader && gateway_)
    gateway_->left(*before, of);
  before = other ? leader : std::nullopt;
  if (other && gateway_)
    routes_.update(of, gateway_->shard_on(*leader, of));
  else
    routes_.update(of, local_.at(of));
}

std::optional<node_id> node::leader(shard_id of) const {
  node_id known{led_by_[of.value]};
  return known.value != 0 ? std::optional{known} : std::nullopt;
}

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
}

void node::close() {
  if (gateway_)
    gateway_->close();
}

void node::storage_full(bool yes) {
  storage_full_.store(yes, std::memory_order_relaxed);
  env_.metrics.storage_full.set(yes ? 1 : 0);
}

} // namespace iris::actors
