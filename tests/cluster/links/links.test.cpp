#include "tests/cluster/links/rig.hpp"

#include "base/random.hpp"

using namespace iris;
using namespace iris::cluster;
using namespace iris::cluster::test;

namespace {

std::string bytes(std::size_t size, std::uint64_t seed) {
  std::string out(size, '\0');
  random_source random{seed};
  for (auto& x : out)
    x = static_cast<char>(random.next());
  return out;
}

constexpr std::size_t mib = 1 << 20;

} // namespace

TEST_CASE("frames of all lanes arrive whole and in order, both ways") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(two.seen().links_are({1}, "+"));

  std::map<lane, std::vector<std::string>> sent;
  for (unsigned i = 0; i < 30; ++i)
    for (auto by : {lane::bulk, lane::commands, lane::consensus}) {
      auto size = i % 10 == 0 ? mib : i == 5 ? 0 : i * 37;
      sent[by].push_back(bytes(size, i));
      if (by == lane::bulk)
        sent[by].back().resize(std::min<std::size_t>(size, 50'000));
      REQUIRE(one.net().send({2}, by, sent[by].back()));
      REQUIRE(two.net().send({1}, by, sent[by].back()));
    }

  REQUIRE(two.seen().frames_come({1}, 90));
  REQUIRE(one.seen().frames_come({2}, 90));
  for (auto& [by, frames] : sent) {
    CHECK(two.seen().frames({1}, by) == frames);
    CHECK(one.seen().frames({2}, by) == frames);
  }
}

TEST_CASE("three nodes link to each other, and each says so") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)}, three{ca.setup(3)};
  join({&one, &two, &three});

  std::vector<node*> all = {&one, &two, &three};
  for (auto x : all)
    for (auto y : all)
      if (x != y) {
        CHECK(x->seen().links_are(y->id(), "+"));
        CHECK(x->net().send(y->id(), lane::commands,
                            std::to_string(x->id().value)));
      }

  for (auto x : all)
    for (auto y : all)
      if (x != y) {
        CHECK(x->seen().frames_come(y->id(), 1));
        CHECK(x->seen().frames(y->id(), lane::commands)
              == std::vector{std::to_string(y->id().value)});
      }
  auto described = one.net().describe();
  REQUIRE(described.size() == 2);
  CHECK(described[0].node == node_id{2});
  CHECK(described[0].up);
  CHECK(described[0].at == two.address().at);
  CHECK(described[1].node == node_id{3});
  CHECK(described[1].up);
  CHECK(one.metrics().link_up.with("2").value() == 1);
}

TEST_CASE("a link that ends is told on both sides") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(two.seen().links_are({1}, "+"));

  two.net().close();

  CHECK(two.seen().links_are({1}, "+-"));
  CHECK(one.seen().links_are({2}, "+-"));
  CHECK(!one.net().send({2}, lane::consensus, "x"));
  CHECK(!two.net().send({1}, lane::consensus, "x"));
  CHECK(one.metrics().link_up.with("2").value() == 0);
}
