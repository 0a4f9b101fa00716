#include "apps/elsewhere.hpp"

#include <doctest/doctest.h>

namespace elsewhere_test {

using namespace iris;
using namespace iris::apps;
using strings = std::vector<std::string>;

namespace {

using cluster::node_state;

/// Nodes from 1 on, in these states.
cluster::cluster_map map_of(const std::vector<node_state>& states) {
  cluster::cluster_map out;
  for (std::size_t i = 0; i < states.size(); ++i)
    out.nodes.push_back({{i + 1}, "", "", states[i]});
  return out;
}

cluster::links::status linked(std::uint64_t node, strings urls) {
  cluster::links::status out;
  out.node = {node};
  out.up = true;
  out.urls = std::move(urls);
  return out;
}

} // namespace

TEST_CASE("clients are sent to nodes that are linked and active") {
  auto map =
    map_of({node_state::active, node_state::active, node_state::draining,
            node_state::removed, node_state::active, node_state::active});
  auto down = linked(5, {"tls://e:1"});
  down.up = false;

  auto found = elsewhere({1}, map,
                         {linked(2, {"tls://b:1"}), linked(3, {"tls://c:1"}),
                          linked(4, {"tls://d:1"}), down, linked(6, {}),
                          linked(7, {"tls://g:1"})});

  CHECK(found == strings{"tls://b:1"});
}

TEST_CASE("each node's first URL comes first, from the next node on") {
  auto map = map_of(std::vector<node_state>(4, node_state::active));

  auto found = elsewhere({2}, map,
                         {linked(1, {"tls://a:1", "wss://a:2", "tcp://a:3"}),
                          linked(3, {"tls://c:1"}),
                          linked(4, {"tls://d:1", "wss://d:2"})});

  CHECK(found
        == strings{"tls://c:1", "tls://d:1", "tls://a:1", "wss://d:2",
                   "wss://a:2", "tcp://a:3"});
}

TEST_CASE("no more URLs are told than fit into a goaway") {
  auto map = map_of(std::vector<node_state>(20, node_state::active));
  std::vector<cluster::links::status> links;
  strings expected;
  for (std::uint64_t i = 1; i < 20; ++i) {
    auto host = "tls://n" + std::to_string(i);
    links.push_back(linked(i, {host + ":1", host + ":2"}));
    if (i <= protocol::limits::nodes_max)
      expected.push_back(host + ":1");
  }

  CHECK(elsewhere({20}, map, links) == expected);
}

} // namespace elsewhere_test
