// Who founded a cluster, and what a node's store keeps of it.
#include "apps/server.hpp"
#include "security/cluster_certificates.hpp"
#include "tests/security/temporary_directory.hpp"

#include <doctest/doctest.h>

namespace server_cluster_test {

using namespace iris;
using security::test::text_of;

namespace {

/// The folder of a node of one shard, which can be started again and again.
struct place {
  place() {
    settings.node.data_dir = folder / "data";
    settings.node.shards = 1;
    settings.node.threads = 1;
    settings.listen.tcp.address = {};
    settings.admin.address = {};
    settings.log.file = folder / "log";
  }

  /// From the next start on it is one of these.
  void join(std::uint32_t id, std::vector<std::string> nodes) {
    auto now = system_clock().wall_now();
    auto ca = security::make_cluster_ca(folder / "ca", "iris", now);
    REQUIRE(ca);
    auto files =
      security::make_node_certificate(folder.path(), {*ca, "iris", {id}, now});
    REQUIRE(files);
    settings.node.id = id;
    settings.cluster.address = {"127.0.0.1", 0};
    settings.cluster.nodes = std::move(nodes);
    settings.cluster.ca = files->ca;
    settings.cluster.certificate = files->certificate;
  }

  /// What its store says of itself once it has run.
  persistence::identity run() const {
    {
      auto node = apps::server::start(settings);
      REQUIRE_MESSAGE(node, to_string(node.failure()));
    }
    auto found = persistence::parse_identity(
      text_of(folder / "data" / "store" / "IDENTITY"));
    REQUIRE(found);
    return *found;
  }

  std::string log() const { return text_of(folder / "log"); }

  security::test::temporary_directory folder;
  config::settings settings = config::defaults();
};

constexpr auto others = "cluster.nodes are not those that founded the cluster";

} // namespace

TEST_CASE("a node that is alone founds its cluster, once") {
  place here;

  auto first = here.run();

  CHECK(first.founders == std::vector<node_id>{{1}});
  CHECK(first.store != 0);
  CHECK(here.run() == first);
  CHECK(here.log().find(others) == std::string::npos);
}

TEST_CASE("founders are those that are listed when the store is made") {
  place here;
  here.join(2, {"3=127.0.0.1:3", "1=127.0.0.1:1", "2=127.0.0.1:2"});
  auto first = here.run();
  CHECK(first.founders == std::vector<node_id>{{1}, {2}, {3}});
  CHECK(here.log().find(others) == std::string::npos);

  here.settings.cluster.nodes.push_back("4=127.0.0.1:4");

  CHECK(here.run() == first);
  CHECK(here.log().find(others) != std::string::npos);
}

TEST_CASE("who founds a cluster alone says so, once") {
  place here;
  auto said = [&](const std::string& what) {
    return here.log().find(what) != std::string::npos;
  };

  SUBCASE("loudly, if it might have meant to join another") {
    here.join(4, {"4=127.0.0.1:4"});
    here.run();
    CHECK(said(
      "warn node=4 \"founded a new cluster of one: to join another, list its "
      "members in cluster.nodes without this node"));
  }
  SUBCASE("not so loudly, if it has no links") {
    here.run();
    CHECK(said("founded a new cluster of one, without links"));
  }
  SUBCASE("not if there are others") {
    here.join(2, {"1=127.0.0.1:1", "2=127.0.0.1:2"});
    here.run();
    CHECK(said("\"founded a new cluster\" founders=\"1 2\""));
  }
  SUBCASE("not if it joins") {
    here.join(4, {"1=127.0.0.1:1"});
    here.run();
    CHECK(said("new store: this node joins a cluster"));
  }
  auto first = here.log().size();

  here.run();

  CHECK(here.log().find("new cluster", first) == std::string::npos);
  CHECK(here.log().find("new store", first) == std::string::npos);
}

TEST_CASE("who joins a cluster does not start without it") {
  place here;
  here.join(4, {"1=127.0.0.1:1"});
  here.run();

  here.settings.cluster = config::defaults().cluster;

  auto alone = apps::server::start(here.settings);
  REQUIRE_FALSE(alone);
  CHECK(alone.failure().code == errc::config_invalid);
  CHECK(alone.failure().context
        == "this node's store is that of one that joins a cluster: expected "
           "other nodes in cluster.nodes");
}

TEST_CASE("who is not listed when its store is made founds nothing, ever") {
  place here;
  here.join(4, {"1=127.0.0.1:1"});
  auto first = here.run();
  CHECK(first.founders.empty());

  here.settings.cluster.nodes.push_back("4=127.0.0.1:4");

  CHECK(here.run() == first);
  persistence::posix_disk disk;
  auto store = persistence::node_store::open(
    (here.folder / "data" / "store").string(), first, disk);
  REQUIRE(store);
  CHECK(store->log->load({0})->entries.empty());
  CHECK(*store->log->incarnation() == 2);
}

} // namespace server_cluster_test
