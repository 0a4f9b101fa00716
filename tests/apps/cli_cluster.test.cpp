// iris node and iris shard, against a node that says what it was told to.
#include "tests/apps/canned_http.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/security/temporary_directory.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace cli_cluster_test {

using namespace iris;
using namespace iris::test;
using nlohmann::json;
using security::test::temporary_directory;

namespace {

struct token_file {
  token_file() { std::ofstream{folder / "jwt"} << "a.b.c\n"; }
  std::string path() const { return folder / "jwt"; }
  temporary_directory folder;
};

/// An active node that is up and leads nothing.
json a_node(int id) {
  return {{"id", id},
          {"address", "a:" + std::to_string(id)},
          {"zone", ""},
          {"state", "active"},
          {"up", true},
          {"dead", false},
          {"away_ms", json()},
          {"leads", 0},
          {"controller", false},
          {"replicas", 0},
          {"empty", false}};
}

std::string nodes(bool settled, const std::vector<json>& all) {
  return json{
    {"version", 7}, {"settled", settled}, {"leaderless", 0}, {"nodes", all}}
    .dump();
}

std::string shards() {
  return R"({"version":7,"settled":false,"control":{"voters":[1,2],)"
         R"("actual":[1,2],"dropped":[4,5],"leader":2,"moving":true},)"
         R"("shards":[)"
         R"({"shard":0,"voters":[2,1],"actual":[1,2],"leader":2,)"
         R"("moving":false},{"shard":1,"voters":[1,3],"actual":[1,2],)"
         R"("leader":null,"moving":true}]})";
}

/// A node where each POST is fine, and which shows this.
canned_http showing(const std::string& at, const std::string& what) {
  return canned_http{{{at, {200, what}},
                      {"/v1/nodes/drain", {200, "{}"}},
                      {"/v1/nodes/remove", {200, "{}"}},
                      {"/v1/shards/move", {200, "{}"}},
                      {"/v1/shards/transfer", {200, "{}"}}}};
}

run_outcome run_at(const canned_http& node, std::vector<std::string> command) {
  command.insert(command.end(), {"--admin", node.url()});
  return run_iris(command);
}

} // namespace

TEST_CASE("nodes are listed with what they keep and whether they are there") {
  token_file token;
  auto gone = a_node(3);
  gone["up"] = false;
  gone["dead"] = true;
  gone["away_ms"] = 7'260'000;
  auto late = a_node(4);
  late["away_ms"] = 61'000;
  late["zone"] = "b\033";
  late["state"] = "draining";
  auto first = a_node(1);
  first["leads"] = 4;
  first["replicas"] = 16;
  auto never = a_node(5);
  never["up"] = false;
  canned_http node{
    {{"/v1/nodes", {200, nodes(true, {first, gone, late, never})}}}};

  auto run = run_iris(
    {"node", "list", "--admin", node.url(), "--token-file", token.path()});

  CHECK(run.code == 0);
  CHECK(run.err == "");
  CHECK(run.out
        == "NODE  ADDRESS  ZONE  STATE     SEEN                LEADS  "
           "REPLICAS\n"
           "1     a:1            active    up                  4      16\n"
           "3     a:3            active    dead, away for 2 h  0      0\n"
           "4     a:4      b?    draining  away for 61 s       0      0\n"
           "5     a:5            active    not seen yet        0      0\n"
           "\n"
           "node 3 is dead; if it never comes back: iris node drain 3, then "
           "iris node remove 3\n"
           "\n"
           "node 4 drains; to have it back: iris node drain 4 --off; to have "
           "it go: iris node remove 4\n");
  CHECK(node.finish().at(0).authorization == "Bearer a.b.c");
}

TEST_CASE("who lists nodes is told what to do about those that go") {
  auto dead = a_node(3);
  dead["dead"] = true;
  dead["state"] = "draining";
  auto going = a_node(4), gone = a_node(5), off = a_node(6);
  going["state"] = gone["state"] = off["state"] = "removed";
  gone["empty"] = off["empty"] = true;
  off["up"] = false;
  canned_http node{
    {{"/v1/nodes", {200, nodes(true, {dead, going, gone, off})}}}};

  auto run = run_at(node, {"node", "list"});

  CHECK(run.out.find("6     a:6            removed   gone") != run.out.npos);
  CHECK(run.out.substr(run.out.find("\n\n"))
        == "\n\n"
           "node 3 is dead; if it never comes back: iris node remove 3\n"
           "\n"
           "node 4 was removed, and still keeps replicas: let it run\n"
           "\n"
           "node 5 keeps nothing any more: stop it\n"
           "\n"
           "node 6 keeps nothing any more\n");
}

TEST_CASE("a node that was removed doesn't say what it keeps") {
  auto going = a_node(4);
  going["state"] = "removed";
  canned_http node{
    {{"/v1/nodes",
      {200, json{{"self", 4}, {"settled", true}, {"nodes", {going}}}.dump()}}}};

  auto run = run_at(node, {"node", "list"});

  CHECK(
    run.out.ends_with("\nnode 4 was removed and hears of nothing any more: "
                      "see at another node, with --admin, what it keeps\n"));
}

TEST_CASE("a node's removal is not awaited at that node") {
  auto self = [](bool empty) {
    auto node = a_node(4);
    node["state"] = empty ? "removed" : "draining";
    node["empty"] = empty;
    return json{{"self", 4}, {"nodes", {node}}}.dump();
  };
  const std::vector<std::string> wait{"node", "remove", "4", "--wait"};
  auto asked = showing("/v1/nodes", self(false));
  auto emptied = showing("/v1/nodes", self(true));

  auto run = run_at(asked, wait);
  auto again = run_at(emptied, wait);

  CHECK(run.out == "");
  CHECK(run.err
        == "iris: can't remove node 4\n"
           "why: unavailable (403): node 4 hears of nothing once it is gone: "
           "expected another node to be asked, and changed nothing\n"
           "try: ask another node, with --admin URL\n");
  CHECK(again.out == "node 4 keeps nothing any more: stop it\n");
  CHECK(asked.finish().size() == 1);
  CHECK(emptied.finish().size() == 1);
}

TEST_CASE("who lists nodes is told when only two keep something") {
  auto first = a_node(1), second = a_node(2), third = a_node(3);
  first["replicas"] = second["replicas"] = third["replicas"] = 4;
  third["state"] = "draining";
  canned_http two{
    {{"/v1/nodes", {200, nodes(true, {first, second, a_node(4)})}}}};
  canned_http three{
    {{"/v1/nodes", {200, nodes(true, {first, second, third})}}}};

  auto run = run_at(two, {"node", "list"});

  CHECK(run.out.ends_with(
    "\ntwo nodes keep all shards: without a third, each needs both\n"));
  CHECK(run_at(three, {"node", "list"}).out.find("two nodes")
        == std::string::npos);
}

TEST_CASE("who lists nodes while something moves is told so") {
  canned_http node{{{"/v1/nodes", {200, nodes(false, {a_node(1)})}}}};

  auto run = run_at(node, {"node", "list"});

  CHECK(run.out.ends_with(
    "\nleaders or replicas are on their way: iris shard list\n"));
}

TEST_CASE("shards are listed with where they are wanted and where they are") {
  canned_http node{{{"/v1/shards", {200, shards()}}}};

  auto run = run_at(node, {"shard", "list"});

  CHECK(run.code == 0);
  CHECK(run.out
        == "SHARD    WANTED  ACTUAL  LEADER\n"
           "0        2, 1    1, 2    2\n"
           "1        1, 3    1, 2            moves\n"
           "control  1, 2    1, 2    2       moves, may still need 4, 5\n");
}

TEST_CASE("what is listed for programs is the node's own") {
  canned_http node{{{"/v1/shards", {200, shards()}}}};

  auto run = run_at(node, {"--json", "shard", "list"});

  CHECK(json::parse(run.out) == json::parse(shards()));
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 1);
}

TEST_CASE("each command asks for one thing and says what comes of it") {
  struct {
    std::vector<std::string> command;
    std::string target, body, said;
  } cases[] = {
    {{"node", "add", "4", "a.example:7400"},
     "/v1/nodes",
     R"({"id":4,"address":"a.example:7400"})",
     "node 4 may join as a.example:7400: start it, unless it runs\n"},
    {{"node", "add", "4", "a:1", "--zone", "b"},
     "/v1/nodes",
     R"({"id":4,"address":"a:1","zone":"b"})",
     "node 4 may join as a:1: start it, unless it runs\n"},
    {{"node", "drain", "4"},
     "/v1/nodes/drain",
     R"({"id":4,"on":true})",
     "node 4 drains: its clients go to others, who lead what it led\n"},
    {{"node", "drain", "4", "--off"},
     "/v1/nodes/drain",
     R"({"id":4,"on":false})",
     "node 4 takes clients and leads again\n"},
    {{"node", "remove", "4"},
     "/v1/nodes/remove",
     R"({"id":4})",
     "node 4 goes: if it runs, let it until it keeps nothing any more\n"},
    {{"shard", "move", "0", "--from", "1", "--to", "4"},
     "/v1/shards/move",
     R"({"shard":0,"from":1,"to":4})",
     "a replica of shard 0 goes to node 4\n"},
    {{"shard", "transfer", "0", "--to", "4"},
     "/v1/shards/transfer",
     R"({"shard":0,"to":4})",
     "node 4 is to lead shard 0\n"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.body);
    auto node = showing("/v1/nodes", "{}");

    auto run = run_at(node, one.command);

    CHECK(run.code == 0);
    CHECK(run.err == "");
    CHECK(run.out == one.said);
    auto asked = node.finish();
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].method == "POST");
    CHECK(asked[0].target == one.target);
    CHECK(asked[0].body == one.body);
  }
}

TEST_CASE("who waits is told when it is done, and not before") {
  auto up = a_node(4);
  auto away = a_node(4);
  away["up"] = false;
  auto drained = a_node(4);
  drained["state"] = "draining";
  auto leading = drained, controlling = drained;
  leading["leads"] = 1;
  controlling["controller"] = true;
  auto removed = a_node(4);
  removed["state"] = "removed";
  auto emptied = removed;
  emptied["empty"] = true;
  auto still_active = up;
  still_active["empty"] = true;
  const std::vector<std::string> add{"node", "add", "4", "a:4"},
    drain{"node", "drain", "4"}, off{"node", "drain", "4", "--off"},
    remove{"node", "remove", "4"};
  struct {
    std::vector<std::string> command;
    json node;
    bool settled;
    std::string said; ///< nothing: not yet
  } cases[] = {
    {add, up, true, "node 4 is up and has its share\n"},
    {add, up, false, ""},
    {add, away, true, ""},
    {add, a_node(3), true, ""},
    {drain, drained, false, "node 4 leads nothing any more\n"},
    {drain, up, true, ""},
    {drain, leading, true, ""},
    {drain, controlling, true, ""},
    {off, up, true, "node 4 takes clients and leads again\n"},
    {off, up, false, ""},
    {off, drained, true, ""},
    {remove, emptied, false, "node 4 keeps nothing any more: stop it\n"},
    {remove, removed, true, ""},
    {remove, still_active, true, ""},
  };
  for (const auto& one : cases) {
    CAPTURE(one.command);
    CAPTURE(one.node.dump());
    auto node = showing("/v1/nodes", nodes(one.settled, {one.node}));
    auto command = one.command;
    command.insert(command.end(),
                   {"--wait", "--timeout", one.said.empty() ? "0.1" : "60"});

    auto run = run_at(node, command);

    CHECK(run.out == one.said);
    CHECK(run.code == (one.said.empty() ? 5 : 0));
  }
}

TEST_CASE("who waits for a shard is told when it is there") {
  struct {
    std::vector<std::string> command;
    std::string said;
  } cases[] = {
    {{"shard", "move", "0", "--from", "3", "--to", "2"},
     "a replica of shard 0 is on node 2\n"},
    {{"shard", "move", "1", "--from", "2", "--to", "3"}, ""},
    {{"shard", "move", "1", "--from", "1", "--to", "2"}, ""},
    {{"shard", "transfer", "0", "--to", "2"}, "node 2 leads shard 0\n"},
    {{"shard", "transfer", "0", "--to", "1"}, ""},
    {{"shard", "transfer", "1", "--to", "1"}, ""},
  };
  for (const auto& one : cases) {
    CAPTURE(one.command);
    auto node = showing("/v1/shards", shards());
    auto command = one.command;
    command.insert(command.end(),
                   {"--wait", "--timeout", one.said.empty() ? "0.1" : "60"});

    auto run = run_at(node, command);

    CHECK(run.out == one.said);
    CHECK(run.code == (one.said.empty() ? 5 : 0));
  }
}

TEST_CASE("who has waited in vain is told that it goes on") {
  auto node = showing("/v1/nodes", nodes(false, {a_node(4)}));

  auto run = run_at(node, {"node", "drain", "4", "--wait", "--timeout", "0.1"});

  CHECK(run.err
        == "iris: the cluster knows it, and has not done it\n"
           "why: timed_out (106): expected others to lead what node 4 led\n"
           "try: see where it is with: iris node list, iris shard list; why a "
           "node is not linked: iris status; it goes on by itself\n");
}

TEST_CASE("what the cluster refuses is told with where to look") {
  canned_http node{
    {{"/v1/nodes", {200, nodes(true, {a_node(1)})}},
     {"/v1/nodes/remove",
      {400, R"({"code":104,"name":"illegal_state","text":"node 1 is )"
            R"(active: expected one that was told to drain"})"}}}};

  auto run = run_at(node, {"node", "remove", "1", "--wait"});

  CHECK(run.code == 1);
  CHECK(run.out == "");
  CHECK(run.err
        == "iris: can't remove node 1\n"
           "why: illegal_state (104): node 1 is active: expected one that was "
           "told to drain\n"
           "try: tell it to drain first: iris node drain 1\n");
  CHECK(node.finish().size() == 2);
}

TEST_CASE("what came of a change is JSON for programs") {
  auto drained = a_node(4);
  drained["state"] = "draining";
  auto node = showing("/v1/nodes", nodes(true, {drained}));

  auto asked = run_at(node, {"--json", "node", "drain", "4"});
  auto done = run_at(node, {"--json", "node", "drain", "4", "--wait"});

  CHECK(asked.out
        == R"({"done":false,"text":"node 4 drains: its clients go to others, )"
           R"(who lead what it led"})"
           "\n");
  CHECK(done.out
        == R"({"done":true,"text":"node 4 leads nothing any more"})"
           "\n");
}

TEST_CASE("an answer that is no map is an error, whatever it is") {
  for (auto body : {"hello", "[]", "7"}) {
    CAPTURE(body);
    canned_http node{{{"/v1/nodes", {200, body}}}};

    auto run = run_at(node, {"node", "list"});

    CHECK(run.code == 3);
    CHECK(run.out == "");
  }
  canned_http node{{{"/v1/nodes", {200, R"({"nodes":[7,{"id":"x"}]})"}}}};
  CHECK(run_at(node, {"node", "list"}).code == 0);
}

} // namespace cli_cluster_test
