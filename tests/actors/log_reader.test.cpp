#include "actors/log_reader.hpp"

#include "actors/conversation_machine.hpp"
#include "protocol/codec.hpp"
#include "tests/actors/support.hpp"

#include <doctest/doctest.h>

namespace log_reader_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;

namespace {

using lines = std::vector<std::string>;

const keyring keys{{0}, ref_of(user("alice"))};

lines texts(const result<std::vector<item_bytes>>& from) {
  lines out;
  for (const auto& x : *from)
    out.push_back(*x);
  return out;
}

/// A log of these lines from position `first` on.
void put_log(store& to, std::uint64_t first, const lines& what) {
  persistence::writes out;
  for (const auto& x : what)
    out.put(keys.at(record::log, first++), x);
  to.apply(out);
}

/// A log whose n-th item was sequenced at n x 100 ms.
void put_items(store& to, std::uint64_t count) {
  persistence::writes out;
  for (std::uint64_t i = 1; i <= count; ++i) {
    protocol::item item;
    item.seq = {i};
    item.at = {static_cast<std::int64_t>(i) * 100};
    item.from = user("alice");
    item.device = device("phone");
    item.id = id_at(item.at.ms);
    std::string bytes;
    protocol::encode(item, bytes);
    out.put(keys.at(record::log, i), bytes);
  }
  to.apply(out);
}

} // namespace

TEST_CASE("a log is read from first to last, as far as its bytes go") {
  store db;
  put_log(db, 5, {"aaa", "bb", "c", "dd"});
  auto read = [&](std::uint64_t first, std::uint64_t last, std::size_t bytes) {
    return texts(
      read_log(db.reader(), keys, {record::log, first, last, bytes}));
  };

  CHECK(read(5, 8, 100) == lines{"aaa", "bb", "c", "dd"});
  CHECK(read(6, 7, 100) == lines{"bb", "c"});
  CHECK(read(5, 8, 5) == lines{"aaa", "bb"});
  CHECK(read(5, 8, 4) == lines{"aaa"});
  CHECK(read(5, 8, 0) == lines{"aaa"});
  CHECK(read(8, 99, 100) == lines{"dd"});
}

TEST_CASE("a log that is read backwards keeps its newest entries") {
  store db;
  put_log(db, 5, {"aaa", "bb", "c", "dd"});
  auto read = [&](std::uint64_t first, std::uint64_t last, std::size_t bytes) {
    return texts(
      read_log(db.reader(), keys, {record::log, first, last, bytes, true}));
  };

  CHECK(read(5, 8, 100) == lines{"aaa", "bb", "c", "dd"});
  CHECK(read(5, 7, 100) == lines{"aaa", "bb", "c"});
  CHECK(read(5, 8, 5) == lines{"bb", "c", "dd"});
  CHECK(read(5, 8, 4) == lines{"c", "dd"});
  CHECK(read(5, 8, 0) == lines{"dd"});
  CHECK(read_log(db.reader(), keys, {record::log, 5, 9, 5, true}).failure().code
        == errc::corrupt);
}

TEST_CASE("a log is read up to a hole, and not from one") {
  store db;
  put_log(db, 1, {"a", "b"});
  put_log(db, 4, {"d"});

  CHECK(texts(read_log(db.reader(), keys, {record::log, 1, 4, 100}))
        == lines{"a", "b"});
  CHECK(read_log(db.reader(), keys, {record::log, 3, 4, 100}).failure().code
        == errc::corrupt);
  CHECK(read_log(db.reader(), keys, {record::log, 5, 9, 100}).failure().code
        == errc::corrupt);
}

TEST_CASE("the last expired id is the greatest of the first few") {
  store db;
  persistence::writes out;
  for (std::int64_t i = 1; i <= 5; ++i)
    out.put(keys.dedup(id_at(i * 100), user("alice")), encode(dedup_record{}));
  db.apply(out);
  auto last = [&](std::int64_t oldest, std::size_t limit) {
    return *last_expired_id(db.reader(), keys, {oldest}, limit);
  };
  auto key = [&](std::int64_t ms) {
    return keys.dedup(id_at(ms), user("alice"));
  };

  CHECK(last(100, 10).empty());
  CHECK(last(101, 10) == key(100));
  CHECK(last(300, 10) == key(200));
  CHECK(last(9999, 10) == key(500));
  CHECK(last(9999, 3) == key(300));
  CHECK(last(9999, 0).empty());
}

TEST_CASE("the last expired item was sequenced before the limit, in range") {
  store db;
  put_items(db, 5);
  auto last = [&](std::int64_t oldest, std::uint64_t from, std::uint64_t to) {
    return last_expired_item(db.reader(), keys, {oldest},
                             {record::log, from, to})
      ->position;
  };

  CHECK(last(100, 1, 5) == 0);
  CHECK(last(101, 1, 5) == 1);
  CHECK(last(301, 1, 5) == 3);
  CHECK(last(9999, 1, 5) == 5);
  CHECK(last(9999, 2, 4) == 4);
  CHECK(last(9999, 4, 2) == 0);
  CHECK(last_expired_item(db.reader(), keys, {250}, {record::log, 1, 5})->at
        == timestamp{200});
}

TEST_CASE("a whole value under a damaged key is corrupt") {
  store db;
  persistence::writes out;
  auto prefix = keys.all(record::dedup);
  out.put(prefix + "short", encode(dedup_record{}));
  out.put(keys.of(record::seen, "short"), encode_number(1));
  db.apply(out);

  CHECK(last_expired_id(db.reader(), keys, {9999}, 10).failure().code
        == errc::corrupt);
  CHECK(read_conversations(db.reader(), keys, {}).failure().code
        == errc::corrupt);
  CHECK(conversation_state::load(db.reader(), keys).failure().code
        == errc::corrupt);
}

TEST_CASE("what is no item in a log is corrupt") {
  store db;
  put_log(db, 1, {"not an item"});

  CHECK(last_expired_item(db.reader(), keys, {9999}, {record::log, 1, 5})
          .failure()
          .code
        == errc::corrupt);
}

TEST_CASE("conversations are paged in order, with their last sequences") {
  store db;
  persistence::writes out;
  std::vector<conversation_id> ids;
  for (std::uint64_t i = 0; i < 5; ++i)
    ids.push_back(group_conversation(user("alice"), id_at(1, i)));
  std::sort(ids.begin(), ids.end());
  for (std::uint64_t i = 0; i < 5; ++i)
    out.put(keys.of(record::seen, ids[i].bytes()), encode_number(10 + i));
  db.apply(out);
  auto page = [&](std::optional<conversation_id> after, std::uint32_t limit) {
    return *read_conversations(db.reader(), keys, {0, after, limit});
  };

  auto first = page({}, 2);
  CHECK(first.more);
  CHECK(first.list
        == std::vector<protocol::conversation_summary>{{ids[0], {10}},
                                                       {ids[1], {11}}});
  auto second = page(ids[1], 3);
  CHECK_FALSE(second.more);
  CHECK(second.list.size() == 3);
  CHECK(second.list[0].conversation == ids[2]);
  CHECK(second.list[2].seq == sequence{14});
  CHECK(page(ids[4], 3).list.empty());
  CHECK(page({}, 5).list.size() == 5);
  CHECK_FALSE(page({}, 5).more);
}

TEST_CASE("a conversation's last sequence that is damaged is corrupt") {
  store db;
  persistence::writes out;
  out.put(
    keys.of(record::seen, group_conversation(user("alice"), id_at(1)).bytes()),
    "short");
  db.apply(out);

  CHECK(read_conversations(db.reader(), keys, {0, {}, 5}).failure().code
        == errc::corrupt);
}

} // namespace log_reader_test
