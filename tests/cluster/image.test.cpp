#include "cluster/image_copy.hpp"
#include "cluster/image_source.hpp"
#include "persistence/keys.hpp"
#include "persistence/writes.hpp"
#include "tests/hand_executor.hpp"
#include "tests/sim/memory_disk.hpp"

#include <deque>
#include <doctest/doctest.h>

namespace image_test {

using namespace iris;
using namespace iris::cluster;
using namespace iris::persistence;
using iris::test::hand_executor;

namespace {

constexpr shard_id one{1};
constexpr node_id leader{1};
constexpr node_id follower{2};

std::string key(int n) {
  return key_prefix(one, {actor_kind::user, main_tenant, "u"})
         + std::to_string(1000 + n);
}

/// A store with records of 20 kB, so that a piece has three of them.
struct replica_store {
  replica_store() = default;

  void put(std::uint64_t index, int n) {
    writes out;
    out.put(key(n), std::string(20'000, static_cast<char>('a' + n % 26)));
    committed_entry entry{one, index, 1, out.bytes()};
    REQUIRE(store->apply({&entry, 1}));
  }

  std::string contents() const {
    std::string out;
    auto prefix = key_prefix(one, {actor_kind::user, main_tenant, "u"});
    REQUIRE(store->scan(prefix, prefix_end(prefix), false,
                        [&](std::string_view at, std::string_view payload) {
                          out += at.substr(prefix.size());
                          out += payload.substr(0, 1);
                          return true;
                        }));
    return out;
  }

  sim::memory_disk disk;
  std::unique_ptr<state_store> store = *state_store::open("/state", disk);
};

/// A leader that has ten records, a follower that has others, and the bulk
/// lane between them, which moves when a test says so.
struct pair {
  pair() {
    for (int n = 0; n < 10; ++n)
      from.put(static_cast<std::uint64_t>(n) + 1, n);
    to.put(1, 99);
    begin(0);
  }

  void begin(std::uint64_t min_index, std::uint64_t min_term = 0) {
    copy = std::make_unique<image_copy>(
      image_copy::parts{
        one, writer, home, time,
        [this](node_id, const image_message& x) { to_leader.push_back(x); }},
      image_copy::events{
        [this](const applied_point& at, const placed_configuration& x) {
          restored = at;
          configuration = x;
        },
        [this](const error& why) { failed = why; }},
      min_index, min_term, 1);
    home.run();
  }

  void work() {
    while (home.run() || state_thread.run() || readers.run())
      continue;
  }

  /// Delivers all there is until `pieces` pieces have come, or nothing moves.
  void run(int pieces = 100) {
    work();
    while (pieces > 0 && (!to_leader.empty() || !to_follower.empty())) {
      if (!to_leader.empty()) {
        auto next = std::move(to_leader.front());
        to_leader.pop_front();
        source.on_request(follower, std::get<image_request>(next));
      } else {
        auto next = std::move(to_follower.front());
        to_follower.pop_front();
        if (auto* piece = std::get_if<image_piece>(&next)) {
          --pieces;
          copy->on_piece(leader, *piece);
        } else {
          refusals.push_back(std::get<image_refusal>(next).why.code);
          copy->on_refusal(leader, std::get<image_refusal>(next));
        }
      }
      work();
    }
  }

  struct hand_clock final : clock {
    std::chrono::nanoseconds now{1};
    timestamp wall_now() const override { return {}; }
    std::chrono::nanoseconds steady_now() const override { return now; }
  };

  hand_clock time;
  replica_store from, to;
  hand_executor home, readers, state_thread;
  state_writer writer{*to.store, state_thread, 1 << 30};
  std::deque<image_message> to_leader, to_follower;
  image_source source{
    {one, *from.store, home, readers, time,
     [this](std::uint64_t index) {
       return known ? placed_configuration{1, "at " + std::to_string(index)}
                    : placed_configuration{};
     },
     [this](node_id, const image_message& x) { to_follower.push_back(x); }}};
  std::unique_ptr<image_copy> copy;
  bool known = true; ///< the configurations
  std::optional<applied_point> restored;
  placed_configuration configuration;
  error failed;
  std::vector<errc> refusals;
};

constexpr std::string_view all =
  "1000a1001b1002c1003d1004e1005f1006g1007h1008i1009j";

} // namespace

TEST_CASE(
  "a copy is the image, piece by piece, whatever is written meanwhile") {
  pair a;
  a.copy->offer(leader);
  a.run(1);
  CHECK(a.to.contents() == "1000a1001b1002c");
  CHECK(*a.to.store->incomplete(one));
  a.from.put(11, 5);
  a.from.put(12, 50);
  a.run();

  CHECK(a.to.contents() == all);
  REQUIRE(a.restored);
  CHECK(a.restored->index == 10);
  CHECK(a.configuration == placed_configuration{1, "at 10"});
  // Whether it counts is up to the shard.
  CHECK(*a.to.store->incomplete(one));
  CHECK(a.to_leader.empty());
}

TEST_CASE("what is lost is asked for again, from where the copy is") {
  pair a;
  a.copy->offer(leader);
  a.run(2);
  REQUIRE(a.to_leader.size() == 1);
  auto asked = std::get<image_request>(a.to_leader.front());
  CHECK(asked.after == key(5));
  a.to_leader.clear();

  a.home.pass_time();
  a.work();

  REQUIRE(a.to_leader.size() == 1);
  CHECK(std::get<image_request>(a.to_leader.front()) == asked);
  a.run();
  CHECK(a.to.contents() == all);
  CHECK(a.restored);
}

TEST_CASE("an answer that comes twice counts once") {
  pair a;
  a.copy->offer(leader);
  a.work();
  a.source.on_request(follower, std::get<image_request>(a.to_leader.front()));
  a.work();
  auto piece = std::get<image_piece>(a.to_follower.front());
  a.to_follower.clear();
  a.to_leader.clear();
  a.copy->on_piece(leader, piece);
  a.copy->on_piece(leader, piece);
  a.work();
  a.copy->on_piece(leader, piece);
  a.work();

  CHECK(a.to_leader.size() == 1);
  a.run();
  CHECK(a.to.contents() == all);
}

TEST_CASE("the last answer, when it comes twice, ends a copy once") {
  pair a;
  a.copy->offer(leader);
  a.run(4);
  REQUIRE(a.to_leader.size() == 1);
  // It is slow to answer, and asked again.
  a.home.pass_time();
  a.work();
  REQUIRE(a.to_leader.size() == 2);
  a.run(1);
  REQUIRE(a.restored);
  a.restored.reset();
  a.run();

  CHECK_FALSE(a.restored);
  CHECK_FALSE(a.failed);
}

TEST_CASE("an image that nobody asks for any more is let go") {
  pair a;
  a.copy->offer(leader);
  a.run(1);
  a.time.now += std::chrono::seconds{50};
  a.run(1);
  a.time.now += std::chrono::seconds{10};
  auto asked = std::get<image_request>(a.to_leader.front());
  a.to_leader.clear();
  for (int i = 0; i < 2; ++i) {
    a.home.pass_time();
    a.work();
    a.to_leader.clear();
    a.time.now += std::chrono::minutes{1};
  }
  a.source.on_request(follower, asked);
  a.work();

  REQUIRE(a.to_follower.size() == 1);
  CHECK(std::holds_alternative<image_refusal>(a.to_follower.front()));
}

TEST_CASE("a source that is silent is given up for another") {
  pair a;
  a.copy->offer(leader);
  a.run(1);
  a.copy->offer({3}); // not while there is one
  for (int i = 0; i < 5; ++i) {
    a.to_leader.clear();
    a.home.pass_time();
    a.work();
  }
  CHECK(a.to_leader.empty());
  // What it had is gone, for it belongs to another moment.
  CHECK(a.to.contents().empty());

  a.from.put(11, 50);
  a.copy->offer(leader);
  a.run();

  REQUIRE(a.restored);
  CHECK(a.restored->index == 11);
  CHECK(a.to.contents() == std::string{all} + "1050y");
}

TEST_CASE("an image that was let go is refused, and the copy begins anew") {
  pair a;
  a.copy->offer(leader);
  a.run(1);
  a.time.now += std::chrono::minutes{2};
  a.home.timed.clear(); // but for what comes now
  auto asked = std::move(a.to_leader);
  a.to_leader.clear();
  // As if the leader had started again.
  image_source another{
    {one, *a.from.store, a.home, a.readers, a.time,
     [](std::uint64_t) { return placed_configuration{}; },
     [&](node_id, const image_message& x) { a.to_follower.push_back(x); }}};
  another.on_request(follower, std::get<image_request>(asked.front()));
  a.run();

  CHECK(a.refusals == std::vector<errc>{errc::not_found});
  CHECK(a.to.contents().empty());
  a.copy->offer(leader);
  a.run();
  CHECK(a.to.contents() == all);
}

TEST_CASE("an image whose configuration is not known any more is refused") {
  pair a;
  a.known = false;
  a.copy->offer(leader);
  a.run();
  CHECK(a.refusals == std::vector<errc>{errc::unavailable});
  CHECK_FALSE(a.restored);

  a.known = true;
  a.copy->offer(leader);
  a.run();
  CHECK(a.restored);
  CHECK(a.to.contents() == all);
}

TEST_CASE("an image that is too old is refused") {
  pair a;
  a.begin(11);
  a.copy->offer(leader);
  a.run();

  CHECK(a.refusals == std::vector<errc>{errc::unavailable});
  CHECK_FALSE(a.restored);
}

TEST_CASE("messages about images are what they were, as bytes") {
  image_piece piece{7, "k", {3, 2, 1}, "conf", 1, {{"a", "b"}, {"c", ""}}};
  std::string bytes;
  encode(piece, bytes);
  auto back = decode_image_message(bytes);
  REQUIRE(back);
  CHECK(std::get<image_piece>(*back) == piece);

  bytes.clear();
  encode(image_request{1, 2, "k"}, bytes);
  CHECK(bytes
        == std::string{"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\x01k", 19});
  back = decode_image_message(bytes);
  REQUIRE(back);
  CHECK(std::get<image_request>(*back) == image_request{1, 2, "k"});

  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK(decode_image_message(bytes.substr(0, n)).failure().code
          == errc::corrupt);
  CHECK_FALSE(decode_image_message("\x0a"));
  CHECK_FALSE(decode_image_message(bytes + "x"));

  bytes.clear();
  encode(image_has{{1, 2}}, bytes);
  CHECK(bytes == std::string{"\x04\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02", 17});
  CHECK((std::get<image_has>(*decode_image_message(bytes)).what
         == checkpoint{1, 2}));
  bytes.clear();
  encode(image_differs{{3, 4}}, bytes);
  CHECK((std::get<image_differs>(*decode_image_message(bytes)).right
         == checkpoint{3, 4}));
}

TEST_CASE("messages about what is held are what they were, as bytes") {
  auto again = [](const image_message& what) {
    std::string bytes;
    encode(what, bytes);
    auto back = decode_image_message(bytes);
    REQUIRE(back);
    CHECK_FALSE(decode_image_message(bytes.substr(0, bytes.size() - 1)));
    CHECK_FALSE(decode_image_message(bytes + "x"));
    return *back;
  };

  auto has = std::get<image_has>(again(image_has{{1, 2}, compared::held, "x"}));
  CHECK(has.what == checkpoint{1, 2});
  CHECK(has.of == compared::held);
  CHECK(has.damage == "x");
  auto differs =
    std::get<image_differs>(again(image_differs{{3, 4}, compared::held}));
  CHECK(differs.right == checkpoint{3, 4});
  CHECK(differs.of == compared::held);
  CHECK(std::get<image_ask>(again(image_ask{5})).index == 5);
  CHECK(std::get<image_lacks>(again(image_lacks{6})).index == 6);
  CHECK(std::get<image_renew>(again(image_renew{7})).term == 7);
}

} // namespace image_test
