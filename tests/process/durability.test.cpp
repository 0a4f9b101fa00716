#include "tests/process/checks.hpp"
#include "tests/process/from_environment.hpp"

#include <boost/asio/post.hpp>
#include <doctest/doctest.h>

#include <thread>

namespace durability_test {

using namespace iris;
using namespace iris::process;

namespace {

#ifdef IRIS_SANITIZED
constexpr std::uint64_t rounds_default = 10;
#else
constexpr std::uint64_t rounds_default = 50;
#endif

/// How many acknowledgements a node may give before it is killed. Some die
/// before all clients are back.
std::uint64_t life(random_source& random) {
  return random.chance(15) ? random.below(4) : 1 + random.below(600);
}

/// Ends the node as an operator would, while the crowd goes on.
result<void> terminate(real_node& node, crowd& all) {
  std::optional<result<void>> out;
  std::thread stopping{[&] {
    auto how = node.terminate();
    boost::asio::post(all.io(), [&out, how] { out = how; });
  }};
  all.run_until([&] { return out.has_value(); });
  stopping.join();
  return out ? *out : error{errc::timed_out, "the node did not end"};
}

} // namespace

TEST_CASE("kill -9 at any moment loses, doubles and reorders nothing") {
  auto seed = number_from("IRIS_PROCESS_SEED", 1);
  auto rounds = number_from("IRIS_PROCESS_ROUNDS", rounds_default);
  MESSAGE("seed ", seed, ", ", rounds, " rounds");
  random_source random{seed};
  real_node node;
  node.start();
  crowd all{node, {seed}};
  all.begin();
  all.load();

  for (std::uint64_t i = 1; i <= rounds; ++i) {
    CAPTURE(i);
    auto upto = all.counts().acknowledged + life(random);
    REQUIRE(all.run_until([&] { return all.counts().acknowledged >= upto; }));
    node.kill();
    for (auto& x : all.devices())
      x->losses.clear();
    // Every other time clients see a closed port, too.
    if (random.chance(50))
      REQUIRE(all.run_until([&] {
        return all.everybody([](auto& x) { return x.losses.size() > 2; });
      }));
    check_store(node);
    node.start();
  }

  CHECK(all.settle());
  node.kill();
  check_store(node);
  node.start();
  CHECK(all.call_witnesses());
  check_nothing_wrong(all);
  const auto& n = all.counts();
  // The proof is none if no retry ever met its own message.
  CHECK((n.duplicate > 0 || rounds < 10));
  MESSAGE("checked ", n.acknowledged, " acknowledged sends (", n.duplicate,
          " of them retries of a committed one), ", n.received,
          " inbox items, ", n.refused, " refusals");
}

TEST_CASE("SIGTERM under load: all is answered, and the clients are told") {
  constexpr std::uint64_t seed = 1;
  constexpr int rounds = 5;
  random_source random{seed};
  real_node node;
  node.start();
  crowd all{node, {seed}};
  all.begin();
  all.load();

  for (int i = 1; i <= rounds; ++i) {
    CAPTURE(i);
    auto upto = all.counts().acknowledged + 1 + random.below(600);
    REQUIRE(all.run_until([&] {
      return all.counts().acknowledged >= upto && all.everybody([](auto& x) {
        return x.connection->state() == client::state::open;
      });
    }));
    for (auto& x : all.devices())
      x->losses.clear();

    auto ended = terminate(node, all);

    INFO(ended.failure().context);
    CHECK(ended);
    for (const auto& x : all.devices()) {
      if (x->away)
        continue;
      CAPTURE(x->label);
      REQUIRE(!x->losses.empty());
      CHECK(x->losses.front().code == errc::draining);
    }
    CHECK(node.log().find("in time") == std::string::npos);
    check_store(node);
    node.start();
  }

  CHECK(all.settle());
  CHECK(all.call_witnesses());
  check_nothing_wrong(all);
  // Who is told to go has no need to repeat anything.
  MESSAGE("checked ", all.counts().acknowledged, " acknowledged sends (",
          all.counts().duplicate, " of them retries of a committed one)");
}

} // namespace durability_test
