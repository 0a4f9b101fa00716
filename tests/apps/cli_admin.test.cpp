#include "tests/apps/canned_http.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/security/temporary_directory.hpp"

#include <nlohmann/json.hpp>

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
           "root       supervisor  running  1      0 of any   0         0\n"
           "├─ shards  supervisor  running  1      3 of 1024  5         2     "
           "    oh?\n"
           "│  └─ 0    shard       running  9      0 of any   0         0\n"
           "└─ edge    supervisor  running  1      0 of any   0         0\n");
  CHECK(node.finish().at(0).authorization == "Bearer a.b.c");
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
