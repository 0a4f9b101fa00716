#include "tests/process/checks.hpp"
#include "tests/process/raw_connection.hpp"

#include <doctest/doctest.h>

namespace counters_test {

using namespace iris;
using namespace iris::process;

namespace {

constexpr std::uint64_t seed = 1;
constexpr std::size_t busy_until = 3000;

/// What a counter has to say, by its name at /metrics.
using figures = std::map<std::string, double>;

/// Sends of our own making: some three times each, alone, alone again and in a
/// batch with the others; some to nobody's group; one that is too large.
struct repeater {
  repeater(crowd& all, real_node& node, const user_id& who)
    : link(all.io(), node, "tls") {
    link.log_in(who, "repeater", node.token(who));
    const auto& receiver = all.users().at(1);
    for (int i = 0; i < 20; ++i) {
      protocol::send x;
      x.id = new_id();
      x.to = receiver;
      x.body = "again " + std::to_string(i);
      sends.push_back(x);
      all.expect(x.id, {who, receiver});
    }
  }

  message_id new_id() {
    return make_message_id(system_clock().wall_now(), random);
  }

  void repeat() {
    for (int i = 0; i < 2; ++i)
      for (const auto& x : sends)
        link.send(x);
    link.send(protocol::batch{sends});
    answers = link.await<protocol::sent>(3 * sends.size());
  }

  void overstep() {
    for (std::size_t i = 0; i < strays; ++i) {
      protocol::send x;
      x.id = new_id();
      x.conversation = group_conversation(*sends[0].to, x.id);
      link.send(x);
    }
    protocol::send large = sends[0];
    large.id = new_id();
    large.body = std::string(protocol::limits::body_bytes_max + 1, 'x');
    link.send(large);
    refusals = link.await<protocol::failed>(strays + 1);
  }

  static constexpr std::size_t strays = 7;

  random_source random{seed};
  raw_connection link;
  std::vector<protocol::send> sends;
  std::vector<protocol::sent> answers;
  std::vector<protocol::failed> refusals;
};

/// The first answer to an id is no duplicate, and the others repeat it.
void check_answers(const std::vector<protocol::sent>& all) {
  std::map<message_id, protocol::sent> first;
  for (const auto& x : all) {
    auto expected = first.try_emplace(x.id, x).first->second;
    CHECK_FALSE(expected.duplicate);
    CHECK(x.seq == expected.seq);
    CHECK(x.at == expected.at);
  }
  CHECK(3 * first.size() == all.size());
}

figures expected_of(crowd& all, const repeater& extra) {
  const auto& n = all.counts();
  auto copies = 3 * extra.sends.size();
  auto refused = extra.refusals.size();
  auto received = static_cast<double>(n.received);
  figures out{
    {"iris_messages_in_total", n.submitted + copies + refused},
    {"iris_messages_sent_acked_total", n.acknowledged + copies},
    {"iris_messages_duplicate_total", 2 * extra.sends.size()},
    {"iris_messages_refused_total", refused},
    {"iris_errors_total{code=\"not_a_member\"}", repeater::strays},
    {"iris_errors_total{code=\"body_too_large\"}", 1},
    {"iris_items_pushed_total", received},
    {"iris_items_acked_total", received},
  };
  out["iris_connections{transport=\"tls\"}"] = 1;
  out["iris_connections_accepted_total{transport=\"tls\"}"] = 1;
  for (const auto& x : all.devices()) {
    auto label = "{transport=\"" + x->transport + "\"}";
    out["iris_connections" + label] += x->away ? 0 : 1;
    out["iris_connections_accepted_total" + label] += 1;
  }
  return out;
}

} // namespace

TEST_CASE("the node has counted exactly what the clients saw") {
  real_node node;
  node.start();
  crowd all{node, {seed, 16, false}};
  all.begin();
  all.load();
  REQUIRE(
    all.run_until([&] { return all.counts().acknowledged >= busy_until; }));
  repeater extra{all, node, all.users().at(0)};

  extra.repeat();
  extra.overstep();
  REQUIRE(all.settle());
  all.fence();
  auto found = node.metrics();

  // Nothing that a client does by itself, and doesn't tell us.
  CHECK(all.counts().delayed == 0);
  CHECK(all.counts().refused == 0);
  CHECK(all.counts().duplicate == 0);
  CHECK(all.everybody([](auto& x) { return x.losses.empty(); }));
  for (const auto& figure : expected_of(all, extra)) {
    const auto& name = figure.first;
    CAPTURE(name);
    CHECK(found[name] == figure.second);
  }
  check_answers(extra.answers);
  CHECK(all.call_witnesses());
  check_nothing_wrong(all);
}

TEST_CASE("a connection that is refused is counted by its reason") {
  real_node node;
  node.start();
  boost::asio::io_context io;
  for (const auto* transport : transports) {
    raw_connection stranger{io, node, transport};
    stranger.send(protocol::hello{});
    stranger.send(protocol::auth{"no token", *device_id::parse("phone")});
    CHECK(stranger.await<protocol::failed>(1).at(0).code
          == errc::token_invalid);
    stranger.await_close();
  }

  auto found = node.metrics();

  CHECK(found["iris_connections_refused_total{code=\"token_invalid\"}"] == 4);
  CHECK(found["iris_messages_in_total"] == 0);
}

} // namespace counters_test
