#pragma once

#include "base/random.hpp"
#include "tests/cluster/raft_replica.hpp"

#include <array>
#include <functional>
#include <map>
#include <queue>
#include <string>

namespace iris::test {

/// How a run goes: all of it drawn from its seed.
struct raft_profile {
  using milliseconds = std::chrono::milliseconds;
  using microseconds = std::chrono::microseconds;

  explicit raft_profile(random_source& random);

  std::uint64_t nodes = 3;
  std::uint64_t first_voters = 1;
  std::uint64_t voters_max = 3;
  cluster::raft::options options;
  std::uint64_t trailing = 0;
  std::uint64_t cut_after = 0;
  bool forgets = false;
  milliseconds length{0};

  // In percent.
  unsigned loss = 0;
  unsigned doubled = 0;
  unsigned late = 0;
  unsigned stalls = 0;
  // Of each turn of the chaos.
  unsigned crashes = 0;
  /// Of each write: the node falls before it is told of it.
  unsigned write_crashes = 0;
  unsigned pauses = 0;
  unsigned partitions = 0;

  microseconds delay{0};
  microseconds disk{0};
  microseconds command_every{0};
  microseconds change_every{0};
};

/// A group in one thread and in virtual time, with everything going wrong
/// that may. Throws `violation`.
class raft_sim {
public:
  explicit raft_sim(std::uint64_t seed, bool strict = true);

  void run();

  using counts = std::map<std::string, std::size_t>;
  const counts& done() const noexcept { return done_; }
  const raft_judge& judge() const noexcept { return judge_; }
  std::chrono::nanoseconds now() const noexcept { return now_; }
  /// One line a replica.
  std::string describe() const;

private:
  using nanoseconds = std::chrono::nanoseconds;
  using message = cluster::raft::message;
  using configuration = cluster::raft::configuration;

  struct event {
    nanoseconds at;
    std::uint64_t order;
    std::function<void()> what;

    bool operator<(const event& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  struct node {
    std::unique_ptr<raft_replica> replica;
    std::uint64_t life = 0; ///< counts starts and ends
    std::uint64_t timer = 0;
    double rate = 1; ///< of its clock
    nanoseconds started{0};
    nanoseconds paused_until{0};
    bool writing = false;
    bool fetching = false;
    bool led = false;
    nanoseconds ticked{0};
    int ticks_at_once = 0;
  };

  // Time.
  void after(nanoseconds delay, std::function<void()> what);
  void run_until(nanoseconds end);
  nanoseconds some(nanoseconds mean);
  nanoseconds local(const node& x) const;

  // Nodes.
  node& at(node_id id) { return nodes_[id.value - 1]; }
  node& any();
  void start(node& x);
  void crash(node& x);
  void end_of_life(node& x);
  void when_awake(node& x, std::function<void()> what);
  void moved(node& x);
  void set_timer(node& x);
  void tick(node& x);
  void keep_writing(node& x);
  node* leader();

  // Links.
  void send(node_id from, message what);
  void deliver(node_id from, node_id to, const message& what);
  void fetch(node& x, const message& why);
  void fetched(node& x, node& from, std::uint64_t at_least);

  // Who does what.
  void clients();
  void administrator();
  void administer(node& at);
  bool wild_change(node& at);
  void check_promotions(const node& at, const configuration& before) const;
  bool steer(node& at);
  bool grow(node& at, configuration now);
  bool shrink(node& at, configuration now);
  void chaos();
  void fall(node& x);
  void lose(node& at, node_id peer);
  void hurry(node& at);
  void partition();
  void calm_down();
  void keep_one_down();
  bool settled(std::string& why);
  bool last_change(node& at);

  random_source random_;
  raft_profile profile_;
  raft_judge judge_;
  std::vector<node> nodes_;
  std::array<std::array<int, 8>, 8> cut_{};
  std::priority_queue<event> events_;
  std::uint64_t order_ = 0;
  nanoseconds now_{0};
  bool calm_ = false;
  std::uint64_t commands_ = 0;
  std::uint64_t voters_wanted_ = 0;
  counts done_;
  // Of the calm end: what has to be applied everywhere.
  std::uint64_t goal_ = 0;
  std::uint64_t goal_term_ = 0;
  std::uint64_t last_change_ = 0;
  const node* down_ = nullptr;
};

} // namespace iris::test
