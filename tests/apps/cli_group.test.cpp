#include "base/ids.hpp"
#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

namespace cli_group_test {

using namespace iris;
using namespace iris::test;

namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string make_group(const live_node& node) {
  auto made =
    node.run("alice", {"group", "create", "--title", "Chess", "bob", "carol"});
  REQUIRE(made.code == 0);
  REQUIRE(conversation_id::parse(first_line(made.out)));
  return first_line(made.out);
}

struct refusal {
  std::string who;
  std::vector<std::string> command;
  int code;
  std::string why;
  std::string remedy;
};

std::vector<refusal> refusals(const std::string& id) {
  auto see_roster = "see who is a member with: iris group roster " + id;
  auto ask_an_admin = "ask an admin or the owner of the group, whom this "
                      "shows: iris group roster "
                      + id + "; to go yourself: iris group leave " + id;
  const std::string see_yours = "see which groups you are in with: iris group "
                                "list; an admin can add you to this one";
  const std::string correct_it = "correct it and run the command again; --help "
                                 "shows what is accepted";
  return {
    {"bob",
     {"add", id, "dave"},
     4,
     "forbidden (203): expected an admin",
     ask_an_admin},
    {"bob",
     {"remove", id, "carol"},
     4,
     "forbidden (203): expected an admin",
     ask_an_admin},
    {"dave", {"add", id, "dave"}, 1, "not_a_member (304): ", see_yours},
    {"dave", {"leave", id}, 1, "not_a_member (304): ", see_yours},
    {"dave", {"roster", id}, 1, "not_a_member (304): ", see_yours},
    {"alice",
     {"add", id, "bob"},
     1,
     "already_exists (309): bob is a member",
     see_roster},
    {"alice",
     {"remove", id, "dave"},
     1,
     "not_found (308): dave is not",
     see_roster},
    {"alice",
     {"remove", id, "alice"},
     4,
     "forbidden (203): expected members",
     ask_an_admin},
    {"alice", {"add", "0011", "bob"}, 2, "GROUP: expected a UUID", correct_it},
    {"alice", {"add", id, "b b"}, 2, "USER: expected a name", correct_it},
    {"alice",
     {"add", id, "b", "b"},
     2,
     "USER: expected each name once",
     correct_it},
    {"alice", {"add", id}, 2, "USER is required", "iris group add --help"},
    {"alice", {"leave"}, 2, "GROUP is required", "iris group leave --help"},
    {"alice",
     {"create", "--title", std::string(257, 'x')},
     2,
     "--title: expected at most 256 bytes, found 257",
     correct_it}};
}

} // namespace

TEST_CASE("whoever makes a group owns it, and its members are told") {
  live_node node;

  auto id = make_group(node);

  auto roster = node.run("bob", {"group", "roster", id});
  CHECK(roster.code == 0);
  CHECK(roster.out
        == "USER   ROLE    SINCE\n"
           "alice  owner   1\n"
           "bob    member  1\n"
           "carol  member  1\n");
  node.await_delivery("carol", 1);
  auto inbox = node.run("carol", {"tail", "--no-follow"});
  CHECK(inbox.out.find("* alice made the group \"Chess\" with bob, carol\n")
        != std::string::npos);
}

TEST_CASE("for programs a new group is told apart from its first message") {
  live_node node;

  auto made = node.run("alice", {"--json", "group", "create", "bob"});
  auto sent = node.run("alice", {"--json", "send", "--to", "bob", "hello"});

  REQUIRE(made.code == 0);
  auto group = nlohmann::json::parse(made.out);
  CHECK(node.run("bob", {"group", "roster", group["conversation"]}).code == 0);
  CHECK(message_id::parse(std::string{group["message"]}));
  CHECK(group["message"] != group["conversation"]);
  CHECK_FALSE(group.contains("id"));
  auto message = nlohmann::json::parse(sent.out);
  for (const auto& [name, _] : group.items())
    CHECK(message.contains(name));
  CHECK(message.size() == group.size());
}

TEST_CASE("members come and go, and the group knows since when") {
  live_node node;
  auto id = make_group(node);

  CHECK(node.run("alice", {"group", "add", id, "dave", "erin"}).out == "2\n");
  CHECK(node.run("alice", {"group", "remove", id, "bob"}).out == "3\n");
  CHECK(node.run("carol", {"group", "leave", id}).out == "4\n");

  auto roster = node.run("dave", {"--json", "group", "roster", id});
  REQUIRE(roster.code == 0);
  auto said = nlohmann::json::parse(roster.out);
  CHECK(said["conversation"] == id);
  CHECK(said["title"] == "Chess");
  CHECK(said["head"] == 4);
  CHECK(said["members"]
        == nlohmann::json::parse(
          R"([{"user":"alice","role":"owner","since":1},
              {"user":"dave","role":"member","since":2},
              {"user":"erin","role":"member","since":2}])"));
}

TEST_CASE("groups are listed without those that were left or are for two") {
  live_node node;
  auto id = make_group(node);
  REQUIRE(node.run("alice", {"send", "--to", "bob", "hello"}).code == 0);
  REQUIRE(node.run("bob", {"send", "--to", "bob", "a note"}).code == 0);
  auto left = first_line(node.run("bob", {"group", "create"}).out);
  REQUIRE(node.run("bob", {"group", "leave", left}).code == 0);

  node.await_delivery("bob", 5);
  auto text = node.run("bob", {"group", "list"});
  auto json = node.run("bob", {"--json", "group", "list"});

  CHECK(text.code == 0);
  CHECK(text.out
        == "GROUP                                 MEMBERS  YOU     LAST  "
           "TITLE\n"
             + id + "  3        member  1     Chess\n");
  CHECK(nlohmann::json::parse(json.out)
        == nlohmann::json{{"groups",
                           {{{"conversation", id},
                             {"title", "Chess"},
                             {"members", 3},
                             {"role", "member"},
                             {"head", 1}}}}});
  CHECK(node.run("dave", {"--json", "group", "list"}).out
        == "{\"groups\":[]}\n");
}

TEST_CASE("more groups than a page are all listed") {
  live_node node;
  constexpr std::size_t count = 70;
  std::vector<std::string> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(first_line(node.run("alice", {"group", "create"}).out));
  std::sort(made.begin(), made.end());

  node.await_delivery("alice", count);
  auto list = node.run("alice", {"--json", "group", "list"});

  std::vector<std::string> found;
  auto said = nlohmann::json::parse(list.out);
  for (const auto& x : said["groups"])
    found.push_back(x["conversation"]);
  CHECK(list.err == "");
  CHECK(nlohmann::json(found).dump() == nlohmann::json(made).dump());
}

TEST_CASE("what may not be done to a group is refused, and said why") {
  live_node node;
  auto id = make_group(node);
  for (const auto& x : refusals(id)) {
    CAPTURE(x.command[0]);
    CAPTURE(x.why);
    auto command = x.command;
    command.insert(command.begin(), "group");

    auto run = node.run(x.who, command);

    CHECK(run.code == x.code);
    CHECK(run.out == "");
    CAPTURE(run.err);
    CHECK(run.err.find("\nwhy: " + x.why) != std::string::npos);
    CHECK(run.err.ends_with("\ntry: " + x.remedy + "\n"));
    CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 3);
  }
  auto roster = node.run("alice", {"--json", "group", "roster", id});
  CHECK(nlohmann::json::parse(roster.out)["head"] == 1);
}

} // namespace cli_group_test
