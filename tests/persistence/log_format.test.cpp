#include "persistence/log_format.hpp"

#include "base/codec.hpp"
#include "persistence/keys.hpp"
#include "persistence/writes.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace log_format_test {

using namespace iris;
using namespace iris::persistence;

namespace {

log_entry entry(std::uint64_t term, std::uint8_t type, std::string payload) {
  return {term, type, std::make_shared<const std::string>(std::move(payload))};
}

} // namespace

TEST_CASE("log keys have the bytes that docs/storage.md gives") {
  CHECK(to_hex(hard_state_key({258})) == "010200");
  CHECK(to_hex(floor_key({258})) == "010201");
  CHECK(to_hex(entry_key({258}, 3)) == "0102020000000000000003");
  CHECK(to_hex(incarnation_key()) == "fffe10");
  CHECK(to_hex(peer_key({3})) == "fffe110000000000000003");
  CHECK(to_hex(start_key(3)) == "fffe120000000000000003");
}

TEST_CASE("log values have the bytes that docs/storage.md gives") {
  // The first four bytes are the checksum.
  CHECK(to_hex(encode_hard_state({1}, {2, 3})).substr(8)
        == "00000000000000020000000000000003");
  CHECK(to_hex(encode_floor({1}, {{2, 3, "c", 4}, 5})).substr(8)
        == "0000000000000005" // first
           "0000000000000002" // index
           "0000000000000003" // term
           "0000000000000004" // of the configuration
           "63");
  CHECK(to_hex(encode_entry({1}, 2, entry(3, 4, "p"))).substr(8)
        == "00000000000000030470");
  CHECK(to_hex(encode_incarnation(2)).substr(8) == "0000000000000002");
  CHECK(to_hex(encode_peer({1}, {2, 3, {4, 5}, true})).substr(8)
        == "0000000000000002" // store
           "0000000000000003" // incarnation
           "0000000000000004" // number
           "0000000000000005" // mark
           "01");
  CHECK(to_hex(encode_start(1, {2, 3})).substr(8)
        == "00000000000000020000000000000003");
}

TEST_CASE("what was encoded for the log is decoded") {
  CHECK(
    rc::check([](std::uint16_t shard, std::uint64_t index, std::uint64_t term,
                 std::uint8_t type, const std::string& bytes) {
      auto made = entry(term, type, bytes);
      auto read =
        decode_entry({shard}, index, encode_entry({shard}, index, made));
      RC_ASSERT(read);
      RC_ASSERT(read->term == term);
      RC_ASSERT(read->type == type);
      RC_ASSERT(*read->payload == bytes);
      hard_state state{term, index};
      RC_ASSERT(*decode_hard_state({shard}, encode_hard_state({shard}, state))
                == state);
      floor_record floor{{index, term, bytes, type}, index};
      RC_ASSERT(*decode_floor({shard}, encode_floor({shard}, floor)) == floor);
      known_peer peer{term, index, {index, term}, type % 2 == 0};
      RC_ASSERT(*decode_peer({shard}, encode_peer({shard}, peer)) == peer);
      store_start start{term, index};
      RC_ASSERT(*decode_start(shard, encode_start(shard, start)) == start);
      RC_ASSERT(*decode_incarnation(encode_incarnation(index)) == index);
    }));
}

TEST_CASE("what a later version wrote of nodes is no damage") {
  auto later = [](const std::string& key, const std::string& now) {
    return checked_value(key, now.substr(4) + "more");
  };

  auto peer = decode_peer({3}, later(peer_key({3}), encode_peer({3}, {1, 2})));
  auto start = decode_start(5, later(start_key(5), encode_start(5, {1, 2})));

  REQUIRE(!peer);
  REQUIRE(!start);
  CHECK(peer.failure().code == errc::store_newer);
  CHECK(peer.failure().context
        == "what is known of node 3 was written by a later version of Iris, "
           "expected at most this one: start that version");
  CHECK(start.failure().code == errc::store_newer);
}

TEST_CASE("what was known of a node before starts had numbers is read") {
  std::string old;
  encoder{old}.u64(0xabc).u64(5);

  auto read = decode_peer({3}, checked_value(peer_key({3}), old));

  REQUIRE(read);
  CHECK(*read == known_peer{0xabc, 5, {0, 0}, true});
}

TEST_CASE("a record in another's place is corrupt, and named") {
  auto value = encode_entry({3}, 17, entry(1, 2, "payload"));

  CHECK(decode_entry({3}, 18, value).failure()
        == error{errc::corrupt, "shard 3: entry 18 is damaged, expected it to "
                                "match its checksum"});
  CHECK_FALSE(decode_entry({4}, 17, value));
  CHECK_FALSE(decode_hard_state({3}, value));
  CHECK_FALSE(decode_floor({3}, value));
  CHECK(decode_peer({3}, encode_peer({4}, {1, 2})).failure()
        == error{errc::corrupt, "what is known of node 3 is damaged, expected "
                                "it to match its checksum"});
  CHECK(decode_incarnation(encode_peer({4}, {1, 2})).failure().code
        == errc::corrupt);
  CHECK(decode_start(3, encode_start(4, {1, 2})).failure()
        == error{errc::corrupt, "start number 3 is damaged, expected it to "
                                "match its checksum"});
}

TEST_CASE("any other bytes are corrupt") {
  CHECK(rc::check([](const std::string& bytes) {
    RC_ASSERT_FALSE(decode_entry({1}, 1, bytes));
    RC_ASSERT_FALSE(decode_hard_state({1}, bytes));
    RC_ASSERT_FALSE(decode_floor({1}, bytes));
    RC_ASSERT_FALSE(decode_peer({1}, bytes));
    RC_ASSERT_FALSE(decode_incarnation(bytes));
    RC_ASSERT_FALSE(decode_start(1, bytes));
  }));
}

} // namespace log_format_test
