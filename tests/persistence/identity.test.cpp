#include "persistence/identity.hpp"

#include "base/hash.hpp"

#include <doctest/doctest.h>

namespace identity_test {

using namespace iris;
using namespace iris::persistence;

namespace {

const identity demo{"demo", node_id{7}, 16};
const identity founder{
  "demo", node_id{7}, 16, 0xabc, {{1}, {7}, {4'294'967'295}}};

/// `text` with the check that belongs to it.
std::string checked(std::string text) {
  char check[17];
  std::snprintf(check, sizeof check, "%016lx", hash64(text));
  return text + "check " + check + "\n";
}

} // namespace

TEST_CASE("an identity is a text for people") {
  CHECK(encode(demo)
        == checked("iris store\nschema 1\ncluster demo\nnode 7\nshards 16\n"));
  CHECK(encode(founder)
        == checked("iris store\nschema 2\ncluster demo\nnode 7\nshards 16\n"
                   "store 0000000000000abc\nfounders 1 7 4294967295\n"));
  CHECK(describe(demo) == "node 7 of cluster 'demo' with 16 shards");
}

TEST_CASE("an identity reads as it was written") {
  CHECK(*parse_identity(encode(demo)) == demo);
  CHECK(*parse_identity(encode(founder)) == founder);
  identity joined{"demo", node_id{7}, 16, 1};
  CHECK(*parse_identity(encode(joined)) == joined);
  identity odd{"a cluster with spaces", node_id{~std::uint64_t{0}}, 65535};
  CHECK(*parse_identity(encode(odd)) == odd);
}

TEST_CASE("one wrong bit, or a byte too few or too many, is corrupt") {
  auto text = encode(founder);
  for (std::size_t i = 0; i < text.size() * 8; ++i) {
    auto bad = text;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << i % 8));
    CHECK(parse_identity(bad).failure().code == errc::corrupt);
  }
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(parse_identity(text.substr(0, size)).failure().code == errc::corrupt);
  CHECK(parse_identity(text + "\n").failure().code == errc::corrupt);
}

TEST_CASE("a later schema is told from damage, whatever else it has") {
  auto later = parse_identity(checked("iris store\nschema 3\nregion eu\n"));

  CHECK(later.failure()
        == error{errc::store_newer, "the store has schema 3, expected at most "
                                    "2: start the version of Iris that wrote "
                                    "it"});
}

TEST_CASE("a node is the same with another store") {
  CHECK(same_node(demo, founder));
  CHECK_FALSE(same_node(demo, {"demo", node_id{8}, 16}));
  CHECK_FALSE(same_node(demo, {"prod", node_id{7}, 16}));
  CHECK_FALSE(same_node(demo, {"demo", node_id{7}, 8}));
}

TEST_CASE("other lines are corrupt") {
  for (auto bad : {"iris shop\nschema 1\ncluster demo\nnode 7\nshards 16\n",
                   "iris store\nschema 0\ncluster demo\nnode 7\nshards 16\n",
                   "iris store\nschema 1\nnode 7\ncluster demo\nshards 16\n",
                   "iris store\nschema 1\ncluster demo\nnode -7\nshards 16\n",
                   "iris store\nschema 1\ncluster demo\nnode 07\nshards 16\n",
                   "iris store\nschema 1\ncluster demo\nnode 7\nshards 65536\n",
                   "iris store\nschema 1\ncluster demo\nnode 7\n",
                   "iris store\nschema 1\ncluster demo\nnode 7\nshards 16\n\n",
                   "iris store\nschema 2\ncluster demo\nnode 7\nshards 16\n",
                   "iris store\nschema 1\ncluster demo\nnode 7\nshards 16\n"
                   "store 0000000000000abc\n",
                   "iris store\nschema 2\ncluster demo\nnode 7\nshards 16\n"
                   "store abc\n",
                   "iris store\nschema 2\ncluster demo\nnode 7\nshards 16\n"
                   "store 0000000000000abc\nfounders 1  7\n",
                   "iris store\nschema 2\ncluster demo\nnode 7\nshards 16\n"
                   "founders 1\nstore 0000000000000abc\n",
                   "iris store\n", ""})
    CHECK(parse_identity(checked(bad)).failure().code == errc::corrupt);
}

} // namespace identity_test
