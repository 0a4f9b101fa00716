#pragma once

#include "tests/process/checks.hpp"
#include "tests/process/looks.hpp"
#include "tests/process/real_cluster.hpp"

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <future>

namespace iris::process {

/// While the crowd goes on.
inline void run_until(crowd& all, const std::function<bool()>& done) {
  boost::asio::steady_timer next{all.io()};
  auto due = std::make_shared<bool>(true);
  REQUIRE(all.run_until([&] {
    if (!std::exchange(*due, false))
      return false;
    if (done())
      return true;
    next.expires_after(between_looks);
    next.async_wait([due](boost::system::error_code) { *due = true; });
    return false;
  }));
}

/// What blocks, while the crowd goes on. Throws what that throws.
template <class F>
void meanwhile(crowd& all, F what) {
  auto doing = std::async(std::launch::async, std::move(what));
  run_until(all, [&] {
    return doing.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
  });
  doing.get();
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
  if (found.status != 0)
    meanwhile(all, [&] {
      found.text +=
        at.operate("node list").text + at.operate("shard list").text;
    });
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

/// Each shard's replicas hold the same, says a node that runs. Those that were
/// left down are silent.
inline void check_replicas(real_cluster& nodes, crowd& all,
                           const std::set<std::uint64_t>& down = {}) {
  real_node::verdict found;
  // Whoever waits for a silent one waits for all of the time.
  std::string net = down.empty() ? "60" : "15";
  meanwhile(all, [&] {
    nodes.await_ready();
    found = nodes[nodes.busiest()].operate("verify --cluster --json --timeout "
                                           + net);
  });
  INFO(found.text);
  CHECK(found.status == (down.empty() ? 0 : 5));
  auto said =
    nlohmann::json::parse(found.text.substr(0, found.text.find('\n')));
  CHECK(said["shards"].size() == real_cluster::shards + 1); // And control.
  for (const auto& shard : said["shards"]) {
    INFO(shard.dump());
    CHECK(shard["replicas"].size() >= real_cluster::size);
    for (const auto& x : shard["replicas"]) {
      auto silent = down.contains(x["node"].get<std::uint64_t>());
      CHECK(x["state"].get<std::string>() == (silent ? "silent" : "same"));
    }
  }
}

/// Those that run end; all stores are clean.
inline void check_stores(real_cluster& nodes) {
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

/// No load any more: whatever was acknowledged is there, once, in order, with
/// all replicas; then all nodes end.
inline void check_all(real_cluster& nodes, crowd& all,
                      const std::set<std::uint64_t>& down = {}) {
  CHECK(all.settle());
  CHECK(all.call_witnesses());
  check_nothing_wrong(all);
  check_replicas(nodes, all, down);
  check_stores(nodes);
}

using preparation = std::function<void(real_cluster&)>;

/// The founders, once they are ready.
inline real_cluster& started(real_cluster& nodes,
                             const preparation& before = {}) {
  if (before)
    before(nodes);
  for (std::size_t i = 0; i < nodes.founders(); ++i)
    nodes[i].start();
  nodes.await_ready();
  return nodes;
}

/// Nodes that are ready, and a crowd that writes to them.
struct busy_cluster {
  explicit busy_cluster(std::uint64_t seed,
                        std::size_t founders = real_cluster::size,
                        std::size_t joiners = 0, const preparation& before = {})
    : nodes(founders, joiners), all(started(nodes, before), {seed}) {
    all.begin();
    all.load();
  }

  real_cluster nodes;
  crowd all;
};

} // namespace iris::process
