#pragma once

#include "tests/process/checks.hpp"
#include "tests/process/real_cluster.hpp"

#include <boost/asio/post.hpp>

#include <thread>

namespace iris::process {

/// While the crowd goes on.
inline void run_until(crowd& all, const std::function<bool()>& done) {
  REQUIRE(all.run_until([&] {
    boost::asio::post(all.io(), [] {}); // Look again.
    return done();
  }));
}

/// What blocks, while the crowd goes on.
template <class F>
void meanwhile(crowd& all, F what) {
  auto done = false;
  std::thread doing{[&] {
    what();
    boost::asio::post(all.io(), [&] { done = true; });
  }};
  auto in_time = all.run_until([&] { return done; });
  doing.join();
  REQUIRE(in_time);
}

inline void acknowledge(crowd& all, std::size_t more) {
  auto upto = all.counts().acknowledged + more;
  REQUIRE(all.run_until([&] { return all.counts().acknowledged >= upto; }));
}

/// An operator's command, asked at that node.
inline void operate(crowd& all, const real_node& at, const std::string& command,
                    const std::string& says) {
  CAPTURE(command);
  real_node::verdict found;
  // Said by the command rather than by the crowd's own net.
  auto net = command.ends_with("--wait") ? " --timeout 110" : "";
  meanwhile(all, [&] { found = at.operate(command + net); });
  CHECK(found.text == says + "\n");
  REQUIRE(found.status == 0);
}

/// SIGTERM.
inline void stop(crowd& all, real_node& node) {
  result<void> ended;
  meanwhile(all, [&] { ended = node.terminate(); });
  INFO(ended.failure().context);
  CHECK(ended);
}

/// The other founders lead all shards between them.
inline bool led_without(const real_cluster& nodes, std::size_t i) {
  auto led = 0;
  for (std::size_t other = 0; other < nodes.founders(); ++other)
    led += other == i ? 0 : nodes.led_by(other);
  return led == real_cluster::shards;
}

inline void check_store(const real_node& node) {
  auto found = node.verify();
  INFO(found.text);
  CHECK(found.status == 0);
  CHECK(found.text.ends_with("no problems\n"));
}

/// No load any more: whatever was acknowledged is there, once, in order. Those
/// that run end; all stores are clean.
inline void check_all(real_cluster& nodes, crowd& all) {
  CHECK(all.settle());
  CHECK(all.call_witnesses());
  check_nothing_wrong(all);
  for (std::size_t i = 0; i < nodes.count(); ++i)
    if (nodes[i].running()) {
      CAPTURE(i);
      CHECK(nodes[i].terminate());
    }
  for (std::size_t i = 0; i < nodes.count(); ++i) {
    CAPTURE(i);
    check_store(nodes[i]);
  }
}

/// The founders, once they are ready.
inline real_cluster& started(real_cluster& nodes) {
  for (std::size_t i = 0; i < nodes.founders(); ++i)
    nodes[i].start();
  nodes.await_ready();
  return nodes;
}

/// Nodes that are ready, and a crowd that writes to them.
struct busy_cluster {
  explicit busy_cluster(std::uint64_t seed,
                        std::size_t founders = real_cluster::size,
                        std::size_t joiners = 0)
    : nodes(founders, joiners), all(started(nodes), {seed}) {
    all.begin();
    all.load();
  }

  real_cluster nodes;
  crowd all;
};

} // namespace iris::process
