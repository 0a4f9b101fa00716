#include "tests/sim/sim_node.hpp"

#include "actors/controller.hpp"

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

constexpr auto slowest_fsync = 2ms;
constexpr auto slowest_read = 300us;
constexpr auto hand_over_timeout = 2s;
constexpr auto drain_timeout = 10s;

observability::log_options direct_log() {
  observability::log_options out;
  out.queue_lines = 0;
  return out;
}

} // namespace

sim_node::process::process(sim_node& of)
  : log_thread(of.world_, slowest_fsync, of.time_),
    state_thread(of.world_, slowest_read, of.time_),
    reader_thread(of.world_, slowest_read, of.time_),
    log(direct_log(), of.log_lines_, of.time_) {
  for (int i = 0; i < of.machine_.cores; ++i) {
    cores.push_back(std::make_unique<core>(of.system_, of.world_, of.time_));
    // Matters to who may be deposed meanwhile.
    cores.back()->late_timers(of.machine_.network != nullptr);
  }
}

sim_node::sim_node(world& in, caf::actor_system& system,
                   actors::node_options options, const machine_options& machine)
  : world_(in), system_(system), options_(std::move(options)),
    machine_(machine), time_(in, machine.faster_permille),
    disk_(in.random().next()) {
  // nop
}

sim_node::~sim_node() {
  if (running())
    crash();
}

/// Another one for each start.
std::uint64_t sim_node::number() const {
  return random_source{world_.seed() ^ id().value << 32 ^ starts_}.next() | 1;
}

/// Of a store that is made now.
persistence::identity sim_node::identity() const {
  auto out = options_.self;
  if (machine_.network == nullptr)
    return out;
  out.store = number();
  auto founds = false;
  for (const auto& x : options_.founders) {
    out.founders.push_back(x.id);
    founds = founds || x.id == id();
  }
  if (!founds)
    out.founders.clear();
  return out;
}

void sim_node::release_removed(const cluster::cluster_map& map) {
  for (const auto& x : map.nodes)
    if (x.state == cluster::node_state::removed && process_->door)
      process_->door->release(x.id);
}

result<void> sim_node::start() {
  ++starts_;
  auto store =
    persistence::node_store::open("/node", identity(), disk_, machine_.store);
  if (!store)
    return store.failure();
  if (auto ok = actors::check_map(*store->state, shards()); !ok)
    return ok;
  std::unique_ptr<doorkeeper> door;
  if (machine_.network != nullptr) {
    auto opened = doorkeeper::open(*store, world_, time_, number());
    if (!opened)
      return opened.failure();
    door = *std::move(opened);
  }
  process_ = std::make_unique<process>(*this);
  process_->door = std::move(door);
  actors::node_threads on{
    {}, process_->log_thread, process_->state_thread, process_->reader_thread};
  for (auto& x : process_->cores)
    on.units.push_back(x.get());
  auto& port = process_->port;
  if (machine_.network != nullptr)
    port = machine_.network->plug_in(id(), *process_->cores.front());
  process_->node = std::make_unique<actors::node>(
    options_, std::move(*store), std::move(on),
    actors::node_services{
      time_, process_->metrics, process_->log, port.get(), starts_,
      [this](const std::shared_ptr<const cluster::cluster_map>& map) {
        release_removed(*map);
      }});
  if (port)
    port->listen(process_->door->before(*process_->node), process_->door.get());
  if (on_applied_)
    process_->state_thread.watch(on_applied_);
  return {};
}

void sim_node::crash() {
  stop_threads();
  disk_.crash(world_.random());
  end_process();
}

void sim_node::kill() {
  stop_threads();
  disk_.kill();
  end_process();
}

bool sim_node::stop() {
  caf::scoped_actor self{system_};
  auto off = [this, mine = process_.get()] {
    return process_.get() != mine || disk_.off();
  };
  process_->node->hand_over();
  world_.run(hand_over_timeout,
             [&] { return off() || process_->node->handed_over(); });
  if (off())
    return false;
  for (auto& x : process_->links)
    if (auto open = x.lock())
      open->drain();
  auto drained = [&] {
    if (off())
      return true;
    std::erase_if(process_->links, [](const auto& x) { return x.expired(); });
    return process_->links.empty();
  };
  world_.run(drain_timeout, drained);
  if (off())
    return false;
  self->monitor(process_->node->root());
  self->send(process_->node->root(), supervision::shut_down{});
  auto ended = false;
  world_.run(drain_timeout, [&] {
    self->receive([&](const caf::down_msg&) { ended = true; },
                  caf::after(0s) >> [] {});
    return off() || ended;
  });
  // The entries of the log are applied.
  world_.run(1s, off);
  if (off())
    return false;
  stop_threads();
  end_process();
  return ended;
}

void sim_node::stop_threads() {
  process_->log_thread.stop();
  process_->state_thread.stop();
  process_->reader_thread.stop();
  for (auto& x : process_->links)
    if (auto open = x.lock())
      open->kill();
}

void sim_node::end_process() {
  // Actors can do nothing any more but end.
  caf::anon_send_exit(process_->node->root(), caf::exit_reason::kill);
  process_->node->close();
  for (auto busy = true; busy;) {
    busy = false;
    for (auto& x : process_->cores)
      busy = x->stop() || busy;
  }
  process_.reset();
}

void sim_node::stall_disk(std::chrono::nanoseconds duration) {
  process_->log_thread.stall(duration);
  process_->state_thread.stall(duration);
  process_->reader_thread.stall(duration);
}

void sim_node::stall_threads(std::chrono::nanoseconds duration) {
  for (auto& x : process_->cores)
    x->stall(duration);
}

void sim_node::pause(std::chrono::nanoseconds duration) {
  stall_disk(duration);
  stall_threads(duration);
  if (machine_.network)
    machine_.network->pause(id(), duration);
}

std::shared_ptr<link> sim_node::connect(link::client_end client) {
  if (!running())
    return nullptr;
  auto& home = *process_->cores[next_core_++ % process_->cores.size()];
  auto out = std::make_shared<link>(world_, home, std::move(client));
  out->accept(supervision::spawn_on<actors::connection>(
    home, out,
    std::make_shared<const actors::connection_options>(
      process_->node->options().connection),
    process_->node->env()));
  std::erase_if(process_->links, [](const auto& x) { return x.expired(); });
  process_->links.push_back(out);
  return out;
}

result<actors::verify_counts>
sim_node::verify(const std::function<void(const std::string&)>& problem,
                 bool whole) const {
  return actors::verify(process_->node->state(), options_.self.shards, whole,
                        problem);
}

} // namespace iris::sim
