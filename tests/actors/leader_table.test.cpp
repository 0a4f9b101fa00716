#include "actors/leader_table.hpp"

#include <doctest/doctest.h>

namespace leader_table_test {

using namespace iris;
using namespace iris::actors;

namespace {

constexpr node_id none{}, self{1}, b{2}, c{3};
constexpr shard_id one{0}, two{1};

struct table : leader_table {
  table() : leader_table(self, 2) {}
};

bool is(const leader_table::changes& what, node_id from, node_id to) {
  return what.size() == 1 && what[0].shard == one && what[0].from == from
         && what[0].to == to;
}

} // namespace

TEST_CASE("a replica's own word counts") {
  table a;
  CHECK(is(a.replica(one, true), none, self));
  CHECK(is(a.told(one, b, 3), self, b));
  CHECK(is(a.told(one, self, 4), b, self));
  CHECK(is(a.told(one, c, 5), self, c));
  CHECK(a.announced(b, {{{one, 9}}}).empty());
  CHECK(a.at(two) == none);
}

TEST_CASE("without a replica, who says that it leads does") {
  table a;
  CHECK(is(a.announced(b, {{{one, 3}}}), none, b));
  CHECK(a.announced(b, {{{one, 3}}}).empty());
  CHECK(is(a.announced(c, {{{one, 4}}}), b, c));
  // It has not noticed yet that it leads no more.
  CHECK(a.announced(b, {{{one, 3}}}).empty());
  CHECK(a.announced(b, {}).empty());
  CHECK(is(a.announced(c, {}), c, none));
  CHECK(a.told(one, b, 7).empty());
}

TEST_CASE("who can't be reached leads nothing") {
  table a;
  a.announced(b, {{{one, 3}}});
  CHECK(a.lost(c).empty());
  CHECK(is(a.lost(b), b, none));
}

TEST_CASE("a replica that knows nobody goes by the others' newer word") {
  table a;
  a.announced(b, {{{one, 3}}});
  CHECK(a.replica(one, true).empty());
  CHECK(is(a.told(one, c, 4), b, c));
  CHECK(is(a.told(one, {}, 4), c, self));
  CHECK(is(a.announced(b, {{{one, 5}}}), self, b));
}

TEST_CASE("a replica that goes leaves its shard to the others") {
  table a;
  a.replica(one, true);
  a.told(one, self, 2);
  CHECK(is(a.replica(one, false), self, none));
}

TEST_CASE("shards that this node leads are its own to tell") {
  table a;
  a.replica(one, true);
  a.replica(two, true);
  CHECK(a.own().list.empty());
  a.told(one, b, 3);
  a.told(two, self, 4);
  auto own = a.own().list;
  REQUIRE(own.size() == 1);
  CHECK(own[0].shard == two);
  CHECK(own[0].term == 4);
}

TEST_CASE("an announcement of a shard that there is not is passed over") {
  table a;
  CHECK(a.announced(b, {{{{7}, 3}}}).empty());
}

} // namespace leader_table_test
