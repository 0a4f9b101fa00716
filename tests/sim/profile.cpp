#include "tests/sim/profile.hpp"

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// So that a profile says nothing about the run's other choices.
constexpr std::uint64_t apart = 0x70726f66696c65;
/// What a clock is fast or slow by at most.
constexpr int permille_max = 50;
constexpr auto election_min = 500ms;
constexpr auto election_max = 2000ms;
/// So that much of a plan is carried out while things go wrong.
constexpr auto plan_every = 200ms;

} // namespace

profile::profile(std::uint64_t seed) : seed_(seed) {
  random_source random{seed ^ apart};
  small_queues = random.chance(30);
  queue_max = 4 + static_cast<std::uint32_t>(random.below(5));
  small_caches = random.chance(30);
  small_stores = random.chance(30);
  retention = random.chance(30);
  busy = random.chance(10);
  disk_faults = random.chance(50);
  wild_clocks = random.chance(30);
  wild_timers = random.chance(50);
  grows = random.chance(30);
  shrinks = grows && random.chance(50);
  spares = grows ? 0 : random.below(3);
  replicas = grows || random.chance(50) ? 3 : 0;
  hasty = random.chance(30);
  polite = random.chance(30);
  fills = random.chance(40);
  returns = random.chance(30);
}

void profile::stay() {
  grows = shrinks = hasty = false;
  spares = replicas = 0;
}

profile profile::calm() {
  profile out{1};
  out.small_queues = out.small_caches = out.small_stores = false;
  out.retention = out.busy = out.disk_faults = false;
  out.wild_clocks = out.wild_timers = false;
  out.polite = out.fills = out.returns = false;
  out.stay();
  return out;
}

void profile::apply(actors::node_options& to) const {
  to.self.shards = shards;
  if (small_queues)
    to.mailbox_max = queue_max;
  if (small_caches) {
    to.conversation.tail_bytes_max = 512;
    to.user.tail_bytes_max = 512;
    to.user.seen_max = 2;
    to.rest_after = 2s;
  }
  if (small_stores) {
    to.log_bytes_max = 16 * 1024;
    to.log_trailing_bytes = 1024;
    to.log_lagging_bytes = 0;
    to.checkpoint_every = 8;
  }
  if (retention) {
    to.conversation.retention = 3s;
    to.sweep_every = 2s;
  }
  if (grows || spares > 0)
    to.plan_every = plan_every;
  if (hasty)
    to.dead_after = to.arrive_within = 3s;
  if (wild_timers) {
    random_source random{seed_ ^ apart
                         ^ (std::uint64_t{to.self.node.value} << 32)};
    auto more =
      static_cast<std::uint64_t>((election_max - election_min).count());
    to.raft.election_timeout =
      election_min + std::chrono::milliseconds{random.below(more)};
  }
}

persistence::node_options profile::store() const {
  persistence::node_options out;
  out.state.cache_bytes = out.log.cache_bytes = 1 << 20;
  if (small_stores)
    out.state.write_buffer_bytes = out.log.write_buffer_bytes = 64 * 1024;
  return out;
}

machine_options profile::machine(std::uint32_t number) const {
  machine_options out{.store = store()};
  if (wild_clocks) {
    random_source random{seed_ ^ apart ^ number};
    out.faster_permille =
      static_cast<int>(random.below(2 * permille_max + 1)) - permille_max;
  }
  return out;
}

std::string profile::str() const {
  std::string out = "profile:";
  auto add = [&out](bool has, const char* name) {
    if (has)
      out += std::string{" "} + name;
  };
  add(small_queues, "small queues");
  add(small_caches, "small caches");
  add(small_stores, "small stores");
  add(retention, "retention");
  add(busy, "busy");
  add(disk_faults, "disk faults");
  add(wild_clocks, "wild clocks");
  add(wild_timers, "wild timers");
  add(grows, "grows");
  add(shrinks, "shrinks");
  add(hasty, "hasty");
  add(polite, "polite");
  add(fills, "fills");
  add(returns, "returns");
  return out;
}

} // namespace iris::sim
