// Each call to a disk goes wrong once while a group grows, moves and shrinks.
#include "tests/sim/moving_group.hpp"

#include <doctest/doctest.h>

namespace group_io_faults_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t nodes = 4;
/// Sanitized runs are slow.
#ifdef IRIS_SANITIZED
constexpr std::uint64_t stride = 11;
#else
constexpr std::uint64_t stride = 1;
#endif

enum class way { fails, fails_late, cut_before, cut_during, cut_after };

/// The n-th call to one node's disk, from 1 on.
struct mishap {
  way how = way::fails;
  std::size_t node = 1;
  std::uint64_t n = 0;
};

void plan(const mishap& what, memory_disk& on) {
  switch (what.how) {
  case way::fails:
    return on.fail_at(what.n);
  case way::fails_late:
    return on.fail_at(what.n, memory_disk::effect::done);
  case way::cut_before:
    return on.power_off_at(what.n, memory_disk::cut::before);
  case way::cut_during:
    return on.power_off_at(what.n, memory_disk::cut::during);
  case way::cut_after:
    return on.power_off_at(what.n, memory_disk::cut::after);
  }
}

/// A group of one whose log is cut grows to three, which takes copies of its
/// state; it moves on by one node, and shrinks back to where it was. Somebody
/// writes all the time.
class life {
public:
  explicit life(const mishap& bad) : bad_(bad) {
    group_.start();
    group_.run(2s);
    for (std::size_t i = 1; i <= nodes; ++i)
      before_.push_back(disk(i).count());
    if (bad.n > 0)
      plan(bad, disk(bad.node));
    write(8);
    for (const auto& where : {std::vector<node_id>{{1}, {2}, {3}},
                              {{2}, {3}, {4}},
                              {{4}, {3}, {1}},
                              {{1}}}) {
      group_.place({where, {}, {}});
      write(3);
      for (int i = 0; i < 50 && !group_.settled(); ++i) {
        group_.run(1s, [this] { return group_.settled(); });
        look_after();
      }
      write(2);
    }
    look_after();
    for (std::size_t i = 1; i <= nodes; ++i)
      calls_.push_back(disk(i).count() - before_[i - 1]);
    group_.run(2s);
    group_.settle();
  }

  const std::vector<std::uint64_t>& calls() const { return calls_; }
  std::size_t acknowledged() const { return group_.acked(); }
  int copies() { return sum(&member::copies); }
  bool happened() const { return happened_; }
  const std::vector<std::string>& problems() { return group_.problems(); }

private:
  static member::options options() {
    member::options out;
    out.log_bytes_max = 400;
    out.trailing_bytes = 50;
    out.rest = 2s;
    return out;
  }

  memory_disk& disk(std::size_t node) { return group_.at(node).disk(); }

  int sum(int (member::*of)() const) {
    int out = 0;
    for (std::size_t i = 1; i <= nodes; ++i)
      out += (group_.at(i).*of)();
    return out;
  }

  /// Whether or not anybody takes it.
  void write(int n) {
    for (int i = 0; i < n; ++i) {
      auto before = group_.acked();
      group_.put();
      group_.run(200ms, [&] { return group_.acked() > before; });
      look_after();
    }
  }

  /// Who has stopped is started again, once the power is back.
  void look_after() {
    auto& one = group_.at(bad_.node);
    if (!one.stopped() && !one.disk().off() && !one.disk().fault_hit())
      return;
    happened_ = true;
    one.crash();
    group_.run(1s);
    one.start();
  }

  const mishap bad_;
  moving_group group_{1, nodes, 1, options()};
  std::vector<std::uint64_t> before_;
  std::vector<std::uint64_t> calls_;
  bool happened_ = false;
};

void run_all(way how) {
  life plain{{}};
  REQUIRE(plain.problems().empty());
  auto wrong = 0;
  for (std::size_t node = 1; node <= nodes; ++node)
    for (std::uint64_t n = 1; n <= plain.calls()[node - 1] && wrong < 5;
         n += stride) {
      life run{{how, node, n}};
      CAPTURE(node);
      CAPTURE(n);
      CHECK(run.happened());
      for (const auto& x : run.problems())
        FAIL_CHECK(x);
      wrong += run.problems().empty() ? 0 : 1;
    }
}

} // namespace

TEST_CASE("the group's life has copies, and calls to each disk") {
  life plain{{}};

  for (const auto& x : plain.problems())
    FAIL_CHECK(x);
  CHECK(plain.copies() >= 3);
  CHECK(plain.acknowledged() >= 20);
  for (auto calls : plain.calls()) {
    MESSAGE(calls);
    CHECK(calls > 20);
  }
}

TEST_CASE("whichever call to a disk fails, a group gets where it is wanted") {
  run_all(way::fails);
}

TEST_CASE("whichever call fails when it is done, a group loses nothing") {
  run_all(way::fails_late);
}

TEST_CASE("before whichever call power is cut, a group loses nothing") {
  run_all(way::cut_before);
}

TEST_CASE("in whichever call power is cut, a group loses nothing") {
  run_all(way::cut_during);
}

TEST_CASE("behind whichever call power is cut, a group loses nothing") {
  run_all(way::cut_after);
}

} // namespace group_io_faults_test
