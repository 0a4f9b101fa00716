#include "tests/edge/stage.hpp"

namespace measures_test {

using namespace iris;
using namespace iris::edge::test;

namespace {

actors::item_bytes item_at(timestamp at) {
  protocol::item out;
  out.seq = {1};
  out.from = *user_id::parse("bob");
  out.device = *device_id::parse("phone");
  out.id = message(1, 0).id;
  out.at = at;
  std::string bytes;
  protocol::encode(out, bytes);
  return std::make_shared<const std::string>(std::move(bytes));
}

/// A connection whose inbox the test stands for.
struct attached_client : stage {
  attached_client() : pair(*this), owner(pair.serve()) {
    pair.client->send(
      framed(protocol::hello{})
      + framed(protocol::auth{"alice", *device_id::parse("phone")})
      + framed(protocol::ping{1}));
    wait_for("pong 1");
    caf::anon_send(owner, actors::attached{{}, {2}, {0}, {4}, 1});
    wait_for("ready");
  }

  /// Takes what came, up to a frame of this kind.
  void wait_for(const std::string& kind) {
    until(
      [&] {
        auto all = complete();
        return !all.empty() && all.back() == kind;
      },
      kind.c_str());
    pair.client->got.clear();
  }

  lines complete() const {
    lines out;
    protocol::framer framer;
    auto fed = framer.feed(pair.client->got, [&](std::string_view frame) {
      out.push_back(describe(*protocol::decode_server(frame)));
      return true;
    });
    REQUIRE(fed);
    return out;
  }

  void page(std::uint64_t first, std::vector<actors::item_bytes> items) {
    inbox_offset head{std::max<std::uint64_t>(4, first + items.size() - 1)};
    caf::anon_send(owner,
                   actors::inbox_page{1, {first}, std::move(items), head});
  }

  tcp_pair pair;
  actors::connection_actor owner;
};

} // namespace

TEST_CASE("the age of items counts once a device follows its inbox") {
  attached_client it;
  auto now = system_clock().wall_now();
  it.pair.client->send(framed(protocol::sync{{2}, 100}));
  it.until([&] { return it.metrics.frames_in.value() == 4; }, "the sync");
  it.settle();

  // What was missed while it was away says nothing about the node.
  it.page(3, {item_at({0}), item_at({0})});
  it.wait_for("live");
  CHECK(it.metrics.items_pushed.value() == 2);
  CHECK(it.metrics.end_to_end_seconds.value().count() == 0);

  // The oldest of each page; a clock that is behind counts as no time.
  it.page(5, {item_at({now.ms - 60'000}), item_at(now)});
  it.wait_for("items");
  it.page(7, {item_at({now.ms + 3'600'000})});
  it.wait_for("items");

  auto found = it.metrics.end_to_end_seconds.value();
  CHECK(it.metrics.items_pushed.value() == 5);
  CHECK(found.count() == 2);
  CHECK(found.counts[0] == 1);
  CHECK(found.sum >= std::chrono::minutes{1});
}

TEST_CASE("items count as acknowledged once") {
  attached_client it;
  it.pair.client->send(framed(protocol::sync{{3}, 100})
                       + framed(protocol::ping{2}));
  it.wait_for("pong 2");
  // The cursor was 2.
  CHECK(it.metrics.items_acked.value() == 1);

  it.page(4, {item_at({0})});
  it.wait_for("live");
  it.pair.client->send(framed(protocol::ack{{4}}) + framed(protocol::ack{{4}})
                       + framed(protocol::sync{{0}, 100})
                       + framed(protocol::ping{3}));
  it.wait_for("pong 3");

  CHECK(it.metrics.items_acked.value() == 2);
}

} // namespace measures_test
