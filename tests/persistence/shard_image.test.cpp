#include "persistence/shard_image.hpp"

#include "persistence/keys.hpp"
#include "persistence/state_store.hpp"
#include "persistence/writes.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace shard_image_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

constexpr shard_id one{1};

std::string key(std::string_view suffix, shard_id shard = one) {
  return key_prefix(shard, {actor_kind::user, main_tenant, "u"})
         + std::string{suffix};
}

std::unique_ptr<state_store> open(memory_disk& disk) {
  auto out = state_store::open("/state", disk);
  REQUIRE(out);
  return *std::move(out);
}

void put(state_store& store, std::uint64_t index, std::string_view suffix,
         std::string_view payload, shard_id shard = one) {
  writes out;
  out.put(key(suffix, shard), payload);
  committed_entry entry{shard, index, 7, out.bytes()};
  REQUIRE(store.apply({&entry, 1}));
}

/// A store with a, b and c in shard 1, and something on either side of it.
std::unique_ptr<state_store> filled(memory_disk& disk) {
  auto out = open(disk);
  put(*out, 1, "before", "0", {0});
  put(*out, 1, "a", "1");
  put(*out, 2, "b", "2");
  put(*out, 3, "c", "3");
  put(*out, 1, "behind", "9", {2});
  return out;
}

/// All that an image has, in pieces of `bytes` or so.
std::vector<std::vector<shard_record>> pieces(shard_image& from,
                                              std::size_t bytes) {
  std::vector<std::vector<shard_record>> out;
  std::string after;
  for (;;) {
    auto next = from.read(after, bytes);
    REQUIRE(next);
    if (next->empty())
      return out;
    after = next->back().key;
    out.push_back(*std::move(next));
  }
}

std::string value(const state_store& store, std::string_view suffix) {
  auto found = store.get(key(suffix));
  REQUIRE(found);
  return found->value_or("nothing");
}

} // namespace

TEST_CASE("an image stays as it was, whatever is written") {
  memory_disk disk;
  auto store = filled(disk);
  auto image = *store->image(one);
  put(*store, 4, "b", "new");
  put(*store, 5, "d", "new");

  CHECK(image->applied().index == 3);
  CHECK(image->applied().term == 7);
  CHECK(image->applied() != *store->applied(one));
  auto found = pieces(*image, 1 << 20);
  REQUIRE(found.size() == 1);
  REQUIRE(found[0].size() == 3);
  CHECK(found[0][0].key == key("a"));
  CHECK(found[0][1] == shard_record{key("b"), checked_value(key("b"), "2")});
  CHECK(found[0][2].key == key("c"));
}

TEST_CASE("an image comes in pieces, and any of them again") {
  memory_disk disk;
  auto store = filled(disk);
  auto image = *store->image(one);

  CHECK(pieces(*image, 1).size() == 3);

  auto again = image->read(key("a"), 1);
  REQUIRE(again);
  REQUIRE(again->size() == 1);
  CHECK(again->front().key == key("b"));
}

TEST_CASE("a copied shard is the same, and its neighbours are as before") {
  memory_disk from_disk;
  auto from = filled(from_disk);
  memory_disk to_disk;
  auto to = open(to_disk);
  put(*to, 1, "old", "x");
  put(*to, 2, "older", "x");
  put(*to, 1, "mine", "y", {0});

  auto steps = 1;
  for (; !*to->clear(one, 2); ++steps)
    CHECK(*to->incomplete(one));
  CHECK(steps == 2);
  auto image = *from->image(one);
  for (const auto& x : pieces(*image, 1))
    REQUIRE(to->restore(one, x));
  CHECK(*to->incomplete(one));
  REQUIRE(to->finish(one, image->applied()));

  CHECK_FALSE(*to->incomplete(one));
  CHECK(value(*to, "a") + value(*to, "b") + value(*to, "c") == "123");
  CHECK(value(*to, "old") == "nothing");
  CHECK(*to->get(key("mine", {0})) == "y");
  CHECK(*to->applied(one) == *from->applied(one));
  // And goes on from there.
  put(*from, 4, "d", "4");
  put(*to, 4, "d", "4");
  CHECK(*to->applied(one) == *from->applied(one));
}

TEST_CASE("a copy that the power cut short is incomplete, and serves nobody") {
  memory_disk disk{3};
  auto store = filled(disk);
  REQUIRE(store->sync());
  // One key of four, and the mark with it.
  CHECK_FALSE(*store->clear(one, 1));
  REQUIRE(store->sync());
  store.reset();
  store = open(disk);

  CHECK(*store->incomplete(one));
  CHECK(*store->applied(one) == applied_point{});
  auto refused = store->image(one);
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().code == errc::unavailable);
  CHECK_FALSE(*store->incomplete({2}));
}

TEST_CASE("records of another shard or damaged ones are not taken in") {
  memory_disk disk;
  auto store = filled(disk);
  REQUIRE(*store->clear(one, 100));
  std::vector<shard_record> records{
    {key("a"), checked_value(key("a"), "1")},
    {key("a", {2}), checked_value(key("a", {2}), "1")}};
  CHECK(store->restore(one, records).failure().code == errc::corrupt);

  records[1] = {key("b"), checked_value(key("a"), "1")};
  CHECK(store->restore(one, records).failure().code == errc::corrupt);

  records[1] = {applied_key(one), checked_value(applied_key(one), "1")};
  CHECK(store->restore(one, records).failure().code == errc::corrupt);

  CHECK(value(*store, "a") == "nothing");
}

TEST_CASE("an image whose record is damaged fails, naming the key") {
  // Only the disk can damage a record; a foreign checksum stands for it.
  memory_disk disk;
  auto other = open(disk);
  writes odd;
  odd.put(key("b"), "2");
  auto bytes = odd.take();
  bytes.back() = '3';
  committed_entry entry{one, 1, 1, bytes};
  REQUIRE(other->apply({&entry, 1}));

  auto found = (*other->image(one))->read({}, 1 << 20);

  REQUIRE_FALSE(found);
  CHECK(found.failure().code == errc::corrupt);
  CHECK(found.failure().context.find(to_hex(key("b"))) != std::string::npos);
}

namespace {

image_hash hashed(const state_store& store, std::size_t step) {
  auto image = store.image(one);
  REQUIRE(image);
  image_hash out;
  while (!out.all)
    (*image)->hash(out, step);
  return out;
}

} // namespace

TEST_CASE("an image hashes to the same in whatever steps it is read") {
  memory_disk disk, other;
  auto store = filled(disk);
  auto whole = hashed(*store, 1'000'000);

  CHECK(hashed(*store, 1).hash == whole.hash);
  CHECK(whole.damage.empty());
  // What stands beside it doesn't count, nor how it came to be.
  auto alike = open(other);
  put(*alike, 1, "c", "3");
  put(*alike, 2, "b", "2");
  put(*alike, 5, "a", "1");
  CHECK(hashed(*alike, 1).hash == whole.hash);
  put(*alike, 6, "b", "x");
  CHECK(hashed(*alike, 1).hash != whole.hash);
}

} // namespace shard_image_test
