#include "tests/sim/network.hpp"

#include "tests/sim/caf_host.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace network_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;
using cluster::lane;

namespace {

/// Stands for a node's process: keeps what it is told.
struct process final : cluster::network::receiver {
  process(caf::actor_system& system, world& in, switchboard& on, unsigned id)
    : self{id}, here(in), home(system, in), port(on.plug_in(self, home)) {
    port->listen(*this);
  }

  void on_frame(node_id from, lane by, std::string frame) override {
    CHECK(up.contains(from));
    frames[{from.value, by}].push_back(std::move(frame));
  }

  void on_link(node_id peer, bool made) override {
    CHECK(made != up.contains(peer));
    made ? static_cast<void>(up.insert(peer))
         : static_cast<void>(up.erase(peer));
    changed_at = here.steady_now();
    ++changes;
  }

  bool send(unsigned to, lane by, std::string frame) {
    return port->send({to}, by, std::move(frame));
  }

  std::vector<std::string> from(unsigned id, lane by = lane::commands) {
    return frames[{id, by}];
  }

  bool hears(unsigned id) const { return up.contains({id}); }

  node_id self;
  world& here;
  core home;
  std::unique_ptr<switchboard::port> port;
  std::map<std::pair<std::uint32_t, lane>, std::vector<std::string>> frames;
  std::set<node_id> up;
  std::chrono::nanoseconds changed_at{0};
  int changes = 0;
};

struct cluster_of {
  explicit cluster_of(unsigned n, std::uint64_t seed = 1) : here(seed) {
    for (unsigned id = 1; id <= n; ++id) {
      ids.push_back({id});
      start(id);
    }
    here.run(2s);
  }

  void start(unsigned id) {
    nodes[id] = std::make_unique<process>(caf.system, here, board, id);
  }
  void kill(unsigned id) { nodes[id] = nullptr; }
  process& operator[](unsigned id) { return *nodes.at(id); }

  /// Every node says its number to every other, on links that stay as they
  /// are meanwhile. Whom each heard, as "1<23 2<1 3<".
  std::string heard() {
    std::string out;
    for (auto& [id, x] : nodes)
      x->frames.clear();
    for (auto& [id, x] : nodes)
      for (auto to : ids)
        if (to != x->self)
          static_cast<void>(
            x->send(to.value, lane::commands, std::to_string(id)));
    here.run(500ms);
    for (auto& [id, x] : nodes) {
      out += (out.empty() ? "" : " ") + std::to_string(id) + "<";
      for (auto& [from, what] : x->frames)
        out += what.front();
    }
    return out;
  }

  /// The lines between nodes that carry in both directions, of how many.
  std::size_t whole_lines() {
    std::size_t out = 0;
    for (auto a : ids)
      for (auto b : ids)
        out += a < b && nodes.at(a.value)->up.contains(b)
               && nodes.at(b.value)->up.contains(a);
    return out;
  }

  caf_host caf;
  world here;
  switchboard board{here};
  std::vector<node_id> ids;
  std::map<unsigned, std::unique_ptr<process>> nodes;
};

std::vector<std::string> numbers(int n) {
  std::vector<std::string> out;
  for (int i = 0; i < n; ++i)
    out.push_back(std::to_string(i));
  return out;
}

} // namespace

TEST_CASE("who watches is told of every frame, whatever becomes of it") {
  cluster_of all{2};
  std::vector<std::string> seen;
  all.board.watch([&](node_id from, lane by, const std::string& frame) {
    CHECK(from == node_id{1});
    CHECK(by == lane::commands);
    seen.push_back(frame);
  });

  CHECK(all[1].send(2, lane::commands, "arrives"));
  all.board.set({.lost = 100});
  CHECK(all[1].send(2, lane::commands, "is lost"));
  all.here.run(1s);

  CHECK(seen == std::vector<std::string>{"arrives", "is lost"});
  CHECK(all[2].from(1) == std::vector<std::string>{"arrives"});
}

TEST_CASE("frames of a lane come once and in order, lanes on their own") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    cluster_of all{2, seed};
    all.board.set({.slow = 20});

    for (const auto& x : numbers(100))
      for (auto by : {lane::consensus, lane::commands, lane::bulk}) {
        REQUIRE(all[1].send(2, by, x));
        all.here.run(1ms);
      }
    all.here.run(1s);

    for (auto by : {lane::consensus, lane::commands, lane::bulk})
      CHECK(all[2].from(1, by) == numbers(100));
  }
}

TEST_CASE("a lane that is held up holds up no other") {
  auto overtaken = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    cluster_of all{2, seed};
    all.board.set({.slow = 50});

    REQUIRE(all[1].send(2, lane::bulk, "first"));
    REQUIRE(all[1].send(2, lane::consensus, "second"));
    all.here.run(1s, [&] { return !all[2].from(1, lane::consensus).empty(); });

    overtaken += all[2].from(1, lane::bulk).empty();
  }
  CHECK(overtaken > 0);
}

TEST_CASE("only consensus meets doubles and another order") {
  cluster_of all{2};
  all.board.set({.twice = 30, .swapped = 30});

  for (const auto& x : numbers(200))
    for (auto by : {lane::consensus, lane::commands})
      REQUIRE(all[1].send(2, by, x));
  all.here.run(1s);

  CHECK(all[2].from(1) == numbers(200));
  auto found = all[2].from(1, lane::consensus);
  CHECK(found.size() > 230);
  CHECK(found.size() < 290);
  CHECK_FALSE(std::is_sorted(found.begin(), found.end(), [](auto& a, auto& b) {
    return std::stoi(a) < std::stoi(b);
  }));
  CHECK(std::set<std::string>(found.begin(), found.end()).size() == 200);
}

TEST_CASE("frames are lost in their share, and never out of order") {
  cluster_of all{2};
  all.board.set({.lost = 30});

  for (const auto& x : numbers(1000))
    REQUIRE(all[1].send(2, lane::bulk, x));
  all.here.run(1s);

  auto found = all[2].from(1, lane::bulk);
  CHECK(found.size() > 600);
  CHECK(found.size() < 800);
  CHECK(std::is_sorted(found.begin(), found.end(), [](auto& a, auto& b) {
    return std::stoi(a) < std::stoi(b);
  }));
  CHECK(all.board.faults().at("frame lost") == 1000 - found.size());
}

TEST_CASE("there is no sending without a link") {
  cluster_of all{2};
  CHECK_FALSE(all[1].send(3, lane::commands, "to nobody"));
  CHECK(all[1].send(2, lane::commands, "hello"));

  all.kill(2);
  all.here.run(3s);

  CHECK_FALSE(all[1].hears(2));
  CHECK_FALSE(all[1].send(2, lane::commands, "to the dead"));
}

TEST_CASE("too much for a peer is not taken, whatever waits in other lanes") {
  constexpr auto most = switchboard::lane_bytes_max;
  cluster_of all{2};
  std::string quarter(most / 4, 'x');
  for (int i = 0; i < 4; ++i)
    CHECK(all[1].send(2, lane::bulk, quarter));
  CHECK_FALSE(all[1].send(2, lane::bulk, "x"));
  CHECK(all[1].send(2, lane::commands, "x"));

  all.here.run(1s);
  CHECK(all[1].send(2, lane::bulk, std::string(2 * most, 'x')));
  CHECK_FALSE(all[1].send(2, lane::bulk, "x"));

  // What is there, but not taken from it, counts.
  all.here.run(1s);
  all[2].home.stall(1s);
  CHECK(all[1].send(2, lane::bulk, std::string(most, 'x')));
  all.here.run(900ms);
  CHECK_FALSE(all[1].send(2, lane::bulk, "x"));
  all.here.run(1s);
  CHECK(all[1].send(2, lane::bulk, "x"));
}

TEST_CASE("what an earlier process sent or was sent never comes") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    cluster_of all{3, seed};
    all.board.set({.slow = 50});
    for (int i = 0; i < 10; ++i) {
      static_cast<void>(all[1].send(2, lane::commands, "to the old"));
      static_cast<void>(all[2].send(1, lane::commands, "from the old"));
    }
    all.here.run(std::chrono::milliseconds{seed % 100});
    auto before = all[1].from(2).size();

    all.kill(2);
    all.start(2);
    // Whatever was there already may be taken in the same instant.
    all.here.run(1us);
    auto after = all[1].from(2).size();
    CHECK(after <= before + 1);
    auto again = [&] { return all[2].hears(1) && all[1].hears(2); };
    REQUIRE(all.here.run(10s, again));
    all.here.run(1s);

    CHECK(all[1].from(2).size() == after);
    CHECK(all[2].from(1).empty());
    CHECK(all[1].changes == 4);
    REQUIRE(all[2].send(1, lane::commands, "from the new"));
    all.here.run(1s);
    CHECK(all[1].from(2).back() == "from the new");
  }
}

TEST_CASE("the end of a process is told soon, unless its power failed") {
  auto soon = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    cluster_of all{2, seed};
    auto died = all.here.steady_now();

    all.kill(2);
    REQUIRE(all.here.run(10s, [&] { return !all[1].hears(2); }));

    auto took = all[1].changed_at - died;
    soon += took < 60ms;
    CHECK((took < 60ms || (took >= 2s && took < 3s)));
  }
  CHECK(soon > 20);
  CHECK(soon < 40);
}

TEST_CASE("a link that breaks loses what is on its way, and is made again") {
  cluster_of all{2};
  REQUIRE(all[1].send(2, lane::commands, "lost"));

  all.board.cut({2}, {1});
  CHECK(all[1].send(2, lane::commands, "it does not know yet"));
  auto both_down = [&] { return !all[1].hears(2) && !all[2].hears(1); };
  REQUIRE(all.here.run(60ms, both_down));
  REQUIRE(all.here.run(5s, [&] { return all.whole_lines() == 1; }));

  CHECK(all[2].from(1).empty());
  CHECK(all[1].changes == 3);
  CHECK(all[2].changes == 3);
}

TEST_CASE("who is not heard for two seconds is given up, not before") {
  cluster_of all{2};
  all.board.block({1}, {2}, true);
  REQUIRE(all[1].send(2, lane::commands, "held up"));
  all.here.run(1900ms);
  CHECK(all[2].hears(1));
  CHECK(all[2].from(1).empty());

  // What was held up comes when it can.
  all.board.block({1}, {2}, false);
  all.here.run(5s);
  CHECK(all[2].from(1) == std::vector<std::string>{"held up"});
  CHECK(all[2].changes == 1);

  all.board.block({1}, {2}, true);
  auto began = all.here.steady_now();
  REQUIRE(all[1].send(2, lane::commands, "lost"));
  REQUIRE(all.here.run(5s, [&] { return !all[2].hears(1); }));
  CHECK(all.here.steady_now() - began >= 2s);
  REQUIRE(all.here.run(5s, [&] { return !all[1].hears(2); }));
  all.here.run(10s);
  CHECK(all.whole_lines() == 0);

  all.board.heal();
  REQUIRE(all.here.run(2s, [&] { return all.whole_lines() == 1; }));
  CHECK(all[2].from(1).size() == 1);
}

TEST_CASE("a process that gets no time is given up and hears of it late") {
  cluster_of all{2};
  auto stall = [&](std::chrono::nanoseconds duration) {
    all[2].home.stall(duration);
    all.board.pause({2}, duration);
  };

  stall(1s);
  all.here.run(5s);
  CHECK(all[1].changes == 1);

  stall(5s);
  REQUIRE(all.here.run(3s, [&] { return !all[1].hears(2); }));
  all.here.run(1900ms);
  CHECK(all[2].hears(1));
  CHECK_FALSE(all[1].hears(2));
  REQUIRE(all.here.run(1s, [&] { return !all[2].hears(1); }));
  REQUIRE(all.here.run(2s, [&] { return all.whole_lines() == 1; }));
}

TEST_CASE("a process that gets no time makes no link") {
  cluster_of all{2};
  all.kill(2);
  all.here.run(5s);
  all.start(2);
  all.board.pause({2}, 5s);
  all.here.run(4900ms);
  CHECK_FALSE(all[1].hears(2));
  CHECK(all.here.run(1s, [&] { return all[1].hears(2); }));
}

TEST_CASE("nothing comes once a port has ended, were it there already") {
  cluster_of all{2};
  all[2].home.stall(1s);
  REQUIRE(all[1].send(2, lane::commands, "late"));
  all.here.run(900ms);
  all[2].port.reset();
  all.here.run(5s);
  CHECK(all[2].from(1).empty());
  CHECK(all[2].changes == 1);
}

TEST_CASE("partitions leave the links that they should") {
  struct expectation {
    partition how;
    std::size_t of_three, of_five;
  };
  for (auto x : {expectation{partition::halves, 1, 4},
                 {partition::isolate, 1, 6},
                 {partition::ring, 2, 5},
                 {partition::one_way, 1, 6},
                 {partition::bridge, 2, 6}}) {
    CAPTURE(to_string(x.how));
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      cluster_of three{3, seed}, five{5, seed};
      REQUIRE(five.whole_lines() == 10);

      three.board.split(x.how, three.ids);
      five.board.split(x.how, five.ids);
      three.here.run(4s);
      five.here.run(4s);
      CHECK(three.whole_lines() == x.of_three);
      CHECK(five.whole_lines() == x.of_five);

      three.board.heal();
      five.board.heal();
      three.here.run(3s);
      five.here.run(3s);
      CHECK(three.whole_lines() == 3);
      CHECK(five.whole_lines() == 10);
    }
  }
}

TEST_CASE("a one-way partition leaves the other way, until the link is lost") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    cluster_of all{3, seed};
    all.board.split(partition::one_way, all.ids);
    seen.insert(all.heard());
  }
  std::set<std::string> unheard{"1<23 2<3 3<2", "1<3 2<13 3<1", "1<2 2<1 3<12"};
  std::set<std::string> deaf{"1< 2<13 3<12", "1<23 2< 3<12", "1<23 2<13 3<"};
  unheard.merge(deaf);
  CHECK(seen == unheard);
}

TEST_CASE("a node that flaps comes and goes until the network heals") {
  cluster_of all{3};
  all.board.split(partition::flapping, all.ids);
  all.here.run(60s);
  auto changes = all[1].changes + all[2].changes + all[3].changes;
  CHECK(changes > 20);

  all.board.heal();
  all.here.run(5s);
  CHECK(all.whole_lines() == 3);
  changes = all[1].changes + all[2].changes + all[3].changes;
  all.here.run(60s);
  CHECK(all[1].changes + all[2].changes + all[3].changes == changes);
}

TEST_CASE("the same seed carries the same frames at the same times") {
  auto hash = [](std::uint64_t seed, const std::string& last) {
    cluster_of all{3, seed};
    all.board.set({5, 5, 5, 5});
    for (unsigned i = 0; i < 100; ++i) {
      static_cast<void>(
        all[1 + i % 3].send(1 + (i + 1) % 3, lane::consensus, "x"));
      all.here.run(1ms);
    }
    static_cast<void>(all[1].send(2, lane::commands, last));
    all.here.run(1s);
    return all.here.trace_hash();
  };
  CHECK(hash(1, "a") == hash(1, "a"));
  CHECK(hash(1, "a") != hash(2, "a"));
  CHECK(hash(1, "a") != hash(1, "b"));
}

} // namespace network_test
