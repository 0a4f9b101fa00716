// Which nodes this one sees, and which it holds for dead.
#include "actors/presence.hpp"

#include <doctest/doctest.h>

namespace peer_presence_test {

using namespace iris;
using namespace std::chrono_literals;

TEST_CASE("who was never seen is dead once it has been known for so long") {
  const std::vector<cluster::member> two{{{1}, "", ""}, {{2}, "", ""}};
  auto three = two;
  three.push_back({{3}, "", ""});
  actors::presence it{{1}};
  using nodes = std::set<node_id>;

  it.expect(two, 0s);
  it.expect(three, 700s);
  auto found = it.health(three, 701s, 600s);
  CHECK(found.up == nodes{{1}});
  CHECK(found.dead == nodes{{2}});
  CHECK(it.health(three, 1299s, 600s).dead == nodes{{2}});
  CHECK(it.health(three, 1300s, 600s).dead == nodes{{2}, {3}});
  CHECK_FALSE(it.away({3}, 1300s));
}

TEST_CASE("who was seen is dead once it has been away for so long") {
  const std::vector<cluster::member> two{{{1}, "", ""}, {{2}, "", ""}};
  actors::presence it{{1}};
  using nodes = std::set<node_id>;
  it.expect(two, 0s);

  it.on_link({2}, true, 900s);
  CHECK(it.health(two, 5000s, 600s).up == nodes{{1}, {2}});
  it.on_link({2}, false, 5000s);

  CHECK(it.health(two, 5599s, 600s).dead.empty());
  CHECK(it.health(two, 5600s, 600s).dead == nodes{{2}});
  CHECK(it.away({2}, 5001s) == 1s);
}

} // namespace peer_presence_test
