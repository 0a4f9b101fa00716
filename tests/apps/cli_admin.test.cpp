#include "tests/apps/canned_http.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/security/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace cli_admin_test {

using namespace iris;
using namespace iris::test;
using security::test::temporary_directory;

namespace {

constexpr auto tree = R"({"name":"root","type":"supervisor","state":"running",
"restarts":0,"count":1,"mailbox_depth":0,"mailbox_bound":0,"rejected":0,
"last_fault":"","children":[
{"name":"shards","type":"supervisor","state":"running","restarts":2,"count":1,
"mailbox_depth":3,"mailbox_bound":1024,"rejected":5,"last_fault":"oh\u001b",
"children":[{"name":"0","type":"shard","state":"running","restarts":0,
"count":9,"mailbox_depth":0,"mailbox_bound":0,"rejected":0,"last_fault":"",
"children":[]}]},
{"name":"edge","type":"supervisor","state":"running","restarts":0,"count":1,
"mailbox_depth":0,"mailbox_bound":0,"rejected":0,"last_fault":"",
"children":[]}]})";

constexpr auto ready = R"({"ready":true,"checks":{"store":"ok"}})";
constexpr auto not_ready =
  R"({"ready":false,"checks":{"disk":{"code":404,"name":"storage_full",)"
  R"("text":"expected room"},"store":"ok"}})";

struct token_file {
  token_file() { std::ofstream{folder / "jwt"} << "a.b.c\n"; }
  std::string path() const { return folder / "jwt"; }
  temporary_directory folder;
};

} // namespace

TEST_CASE("the tree is drawn with its mailboxes and faults") {
  token_file token;
  canned_http node{{{"/v1/tree", {200, tree}}}};

  auto run =
    run_iris({"tree", "--admin", node.url(), "--token-file", token.path()});

  CHECK(run.code == 0);
  CHECK(run.err == "");
  CHECK(run.out
        == "ACTOR      TYPE        STATE    COUNT  MAILBOX    REJECTED  "
           "RESTARTS  LAST FAULT\n"
           "root       supervisor  running  1\n"
           "├─ shards  supervisor  running  1      3 of 1024  5         2     "
           "    oh?\n"
           "│  └─ 0    shard       running  9\n"
           "└─ edge    supervisor  running  1\n");
  CHECK(node.finish().at(0).authorization == "Bearer a.b.c");
}

TEST_CASE("what is alike is one row of the tree, what is nothing none") {
  auto actor = [](const std::string& name, int count, int restarts,
                  const std::string& children) {
    return R"({"name":")" + name + R"(","type":"t","state":"up","restarts":)"
           + std::to_string(restarts) + R"(,"count":)" + std::to_string(count)
           + R"(,"mailbox_depth":0,"mailbox_bound":8,"rejected":0,)"
             R"("last_fault":"","children":[)"
           + children + "]}";
  };
  auto idle = actor("users", 0, 0, "");
  auto busy = actor("users", 2, 0, "");
  auto failed = actor("users", 0, 1, "");
  auto all = actor("shard 0", 1, 0, idle) + "," + actor("shard 1", 1, 0, idle)
             + "," + actor("shard 2", 1, 0, idle) + ","
             + actor("shard 3", 1, 0, busy) + "," + actor("shard 4", 1, 0, busy)
             + "," + actor("shard 5", 1, 0, failed) + ","
             + actor("shard 6", 1, 0, idle);
  canned_http node{{{"/v1/tree", {200, actor("node", 1, 0, all)}}}};

  auto run = run_iris({"tree", "--admin", node.url()});

  CHECK(run.out
        == "ACTOR                 TYPE  STATE  COUNT  MAILBOX  REJECTED  "
           "RESTARTS  LAST FAULT\n"
           "node                  t     up     1\n"
           "├─ shard 0 … shard 2  t     up     1\n"
           "├─ shard 3 … shard 4  t     up     1\n"
           "│  └─ users           t     up     2\n"
           "├─ shard 5            t     up     1\n"
           "│  └─ users           t     up     0                         1\n"
           "└─ shard 6            t     up     1\n");
}

TEST_CASE("the tree for programs is the node's own") {
  canned_http node{{{"/v1/tree", {200, tree}}}};

  auto run = run_iris({"--json", "tree", "--admin", node.url() + "/"});

  CHECK(run.code == 0);
  CHECK(nlohmann::json::parse(run.out) == nlohmann::json::parse(tree));
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 1);
}

TEST_CASE("a tree that is none is an error") {
  canned_http node{{{"/v1/tree", {200, "hello"}}}};

  auto run = run_iris({"tree", "--admin", node.url()});

  CHECK(run.code == 1);
  CHECK(run.out == "");
}

TEST_CASE("whoever may not see the tree is told whose token to use") {
  canned_http node{
    {{"/v1/tree",
      {401,
       R"({"code":200,"name":"unauthenticated","text":"expected one"})"}}}};

  auto run = run_iris({"tree", "--admin", node.url()});

  CHECK(run.code == 4);
  CHECK(run.err
        == "iris: can't read the supervision tree\n"
           "why: unauthenticated (200): expected one\n"
           "try: name an operator's token with --token-file; make one with: "
           "iris token issue --user NAME --role operator --config FILE\n");
}

TEST_CASE("anybody may ask whether a node is ready") {
  canned_http node{{{"/readyz", {200, ready}}}};

  auto run = run_iris({"status", "--admin", node.url()});

  CHECK(run.code == 0);
  CHECK(run.out == "CHECK  RESULT\nstore  ok\n");
  CHECK(node.finish().size() == 1);
}

TEST_CASE("a node that isn't ready says why, and the command fails") {
  canned_http node{{{"/readyz", {503, not_ready}}}};

  auto run = run_iris({"status", "--admin", node.url()});

  CHECK(run.code == 1);
  CHECK(run.out == "CHECK  RESULT\ndisk   expected room\nstore  ok\n");
  CHECK(run.err.find("iris: the node is not ready\n") == 0);
}

TEST_CASE("an operator also sees how the node is doing") {
  token_file token;
  canned_http node{
    {{"/readyz", {200, ready}},
     {"/v1/status",
      {200, R"({"cluster":"demo","users":7,"shards":[{"id":0,"leader":true},
{"id":1,"lag":4}]})"}}}};
  std::vector<std::string> arguments{"status", "--admin", node.url(),
                                     "--token-file", token.path()};

  auto text = run_iris(arguments);
  arguments.push_back("--json");
  auto json = run_iris(arguments);

  CHECK(text.code == 0);
  CHECK(text.out
        == "CHECK  RESULT\nstore  ok\n\n"
           "NODE\ncluster  demo\nusers    7\n\n"
           "shards\nid  leader  lag\n0   true\n1           4\n");
  CHECK(json.code == 0);
  CHECK(json.out
        == R"({"ready":true,"checks":{"store":"ok"},"node":{"cluster":"demo",)"
           R"("users":7,"shards":[{"id":0,"leader":true},{"id":1,"lag":4}]}})"
           "\n");
}

TEST_CASE("what a node tells is no JSON in its tables") {
  token_file token;
  canned_http node{
    {{"/readyz", {200, ready}},
     {"/v1/status",
      {200, R"({"cluster":"demo","listening":{"tcp://a:1":3,"tls://a:2":0},)"
            R"("names":["a","b"],"leader":null,"log_store":{"files":2}})"}}}};

  auto run =
    run_iris({"status", "--admin", node.url(), "--token-file", token.path()});

  CHECK(run.out
        == "CHECK  RESULT\nstore  ok\n\n"
           "NODE\ncluster  demo\nnames    a, b\nleader\n\n"
           "LISTENING  CONNECTIONS\ntcp://a:1  3\ntls://a:2  0\n\n"
           "LOG STORE\nfiles      2\n");
}

TEST_CASE("a port that doesn't speak HTTP is no node's admin listener") {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor other{
    io, {boost::asio::ip::address_v4::loopback(), 0}};
  auto where = "127.0.0.1:" + std::to_string(other.local_endpoint().port());
  // As a client's port does: an error in its own protocol, and the end.
  std::thread stranger{[&other] {
    boost::system::error_code ignored;
    auto with = other.accept();
    std::string asked(4, '\0');
    boost::asio::read(with, boost::asio::buffer(asked), ignored);
    boost::asio::write(with, boost::asio::buffer("\0\0\0\1\x80", 5), ignored);
  }};

  auto run = run_iris({"status", "--admin", "http://" + where});
  stranger.join();

  CHECK(run.code == 3);
  CHECK(run.err.starts_with("iris: can't read the node's status\n"
                            "why: no_connection (602): "
                            + where + ": "));
  CHECK(run.err.ends_with(", expected a node's admin listener\n"
                          "try: check the address, and that the node is "
                          "running\n"));
}

TEST_CASE("a node that hangs is given up in time") {
  // It listens and never accepts: the connection opens, no answer comes.
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor mute{
    io, {boost::asio::ip::address_v4::loopback(), 0}};
  auto url = "http://127.0.0.1:" + std::to_string(mute.local_endpoint().port());

  auto run = run_iris({"status", "--admin", url, "--timeout", "0.1"});

  CHECK(run.code == 5);
  CHECK(run.err.find("why: timed_out") != std::string::npos);
}

} // namespace cli_admin_test
