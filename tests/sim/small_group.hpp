#pragma once

#include "tests/sim/group.hpp"

#include <doctest/doctest.h>
#include <set>

namespace iris::sim {

/// Some replicas of one shard, and a client who writes to whoever leads.
struct small_group {
  explicit small_group(std::uint64_t seed, std::size_t count = 3,
                       member::options with = {})
    : here(seed) {
    for (std::uint64_t i = 1; i <= count; ++i)
      with.voters.push_back({i});
    for (auto id : with.voters)
      all.push_back(std::make_unique<member>(here, board, id, with));
    for (auto& x : all)
      x->start();
  }

  member* leader() {
    for (auto& x : all)
      if (x->running() && x->shard().leading())
        return x.get();
    return nullptr;
  }

  member& await_leader() {
    REQUIRE(here.run(std::chrono::seconds{30},
                     [this] { return leader() != nullptr; }));
    return *leader();
  }

  /// The next value, to `to`.
  std::uint64_t put(member& to) {
    auto n = next++;
    to.put(n, "value " + std::to_string(n), [this, n] { acked.insert(n); });
    return n;
  }

  /// Until it is acknowledged; who leads no more forgets what it was told.
  void put_now() {
    for (int tries = 0; tries < 10; ++tries) {
      auto done = [this, n = put(await_leader())] { return acked.contains(n); };
      if (here.run(std::chrono::seconds{3}, done))
        return;
    }
    FAIL("nothing is acknowledged");
  }

  void isolate(const member& which, bool yes) {
    for (auto& x : all) {
      board.block(which.id(), x->id(), yes);
      board.block(x->id(), which.id(), yes);
    }
  }

  /// Everybody has all that was acknowledged, and the same besides.
  void expect_agreement() {
    auto agree = [this] {
      auto* from = leader();
      if (!from || from->shard().lag() > 0)
        return false;
      for (auto& x : all)
        if (x->applied() != from->applied())
          return false;
      return true;
    };
    CHECK(here.run(std::chrono::seconds{30}, agree));
    auto contents = all.front()->contents();
    for (auto n : acked) {
      auto found = contents.find(std::to_string(n));
      REQUIRE(found != contents.end());
      CHECK(found->second == "value " + std::to_string(n));
    }
    for (auto& x : all) {
      CAPTURE(x->id().value);
      CHECK_FALSE(x->stopped());
      CHECK(x->applied() == all.front()->applied());
      CHECK(x->contents() == contents);
    }
  }

  world here;
  switchboard board{here};
  std::vector<std::unique_ptr<member>> all;
  std::uint64_t next = 1;
  std::set<std::uint64_t> acked;
};

/// All that is applied is durable at once, and compared at entry 64.
inline member::options compared() {
  member::options out;
  out.log_bytes_max = 1;
  out.checkpoint_every = 64;
  return out;
}

/// Logs that are cut after a few entries.
inline member::options tiny_logs() {
  member::options out;
  out.log_bytes_max = 400;
  out.trailing_bytes = 50;
  return out;
}

} // namespace iris::sim
