#include "config/cluster_node.hpp"

#include "config/load.hpp"

#include <doctest/doctest.h>

namespace cluster_node_test {

using namespace iris::config;

TEST_CASE("a node of a cluster has a number and an address") {
  CHECK(cluster_node::parse("7=node-7.example.org:7400")
        == cluster_node{7, {"node-7.example.org", 7400}});
  CHECK(cluster_node::parse("4294967295=[::1]:1")
        == cluster_node{4'294'967'295, {"::1", 1}});
}

TEST_CASE("what is no node that others can reach is refused") {
  for (auto bad : {"", "7", "7=", "=a:1", "a:1", "0=a:1", "07=a:1", "+7=a:1",
                   "-7=a:1", "7 =a:1", "4294967296=a:1", "7=a", "7=a:0",
                   "7=0.0.0.0:1", "7=[::]:1", "7==a:1", "7=a:1 "}) {
    INFO(bad);
    CHECK_FALSE(cluster_node::parse(bad));
  }
}

TEST_CASE("a cluster is read from a file, and from variables") {
  std::vector<cluster_node> expected{{1, {"a", 1}}, {2, {"b", 2}}};
  std::string files =
    "[cluster]\naddress = '[::]:7400'\nca = 'ca'\ncertificate = 'c'\n";

  auto file = parse(files + "nodes = ['2=b:2', '1=a:1']\n", "f");
  auto variable = parse(files, "f", {{"IRIS_CLUSTER_NODES", "1=a:1,2=b:2"}});

  REQUIRE(file);
  REQUIRE(variable);
  CHECK(cluster_nodes(*file) == expected);
  CHECK(cluster_nodes(*variable) == expected);
}

TEST_CASE("a key is with its certificate unless it has a file of its own") {
  settings x;
  x.cluster.certificate = "c.pem";
  CHECK(cluster_key_path(x) == "c.pem");
  x.cluster.key = "c.key";
  CHECK(cluster_key_path(x) == "c.key");
}

} // namespace cluster_node_test
