#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

namespace cli_device_test {

using namespace iris;
using namespace iris::test;

namespace {

/// By their names, with the one that it came in as to ask.
std::string devices_of(const live_node& node, const std::string& user) {
  auto run = node.run(user, {"--json", "device", "list"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  std::string out;
  const auto all = nlohmann::json::parse(run.out);
  for (const auto& x : all["devices"])
    out += x["device"].get<std::string>() + "; ";
  return out;
}

} // namespace

TEST_CASE("devices are listed, and one that is lost can be removed") {
  live_node node;
  REQUIRE(node.run("alice", {"send", "--to", "bob", "one"}).code == 0);
  node.await_delivery("bob", 1);
  CHECK(devices_of(node, "bob") == "await; iris-device; ");

  auto removed = node.run("bob", {"device", "remove", "await"});
  auto again = node.run("bob", {"device", "remove", "await"});

  CHECK(removed.code == 0);
  CHECK(removed.out == "");
  CHECK(removed.err == "");
  CHECK(again.code == 1);
  CHECK(again.err
        == "iris: can't remove the device\n"
           "why: not_found (308): expected one of your devices\n"
           "try: see which there are with: iris device list\n");
  CHECK(devices_of(node, "bob") == "iris-device; ");
  auto text = node.run("bob", {"device", "list"});
  CHECK(text.out == "DEVICE       READ  SEEN\niris-device  0     online\n");
  // Who came to ask is gone.
  auto laptop =
    node.run("bob", {"--json", "device", "list", "--device", "laptop"});
  CHECK(laptop.out.find("iris-device") == std::string::npos);
  CHECK(laptop.out.find("\"laptop\"") != std::string::npos);
  // Unless it is the one to be removed.
  auto own = node.run("bob", {"--json", "device", "remove", "iris-device"});
  CHECK(own.err == "");
  CHECK(own.out == "{\"removed\":true}\n");
}

TEST_CASE("who comes in to send or to ask leaves no device, also if refused") {
  live_node node;
  auto made = node.run("alice", {"group", "create", "bob"});
  REQUIRE(made.code == 0);
  auto id = made.out.substr(0, made.out.find('\n'));
  std::vector<std::pair<std::vector<std::string>, int>> commands{
    {{"send", "--to", "bob", "hello"}, 0},
    {{"send", "--group", "00112233-4455-6677-8899-aabbccddeeff", "hello"}, 1},
    {{"group", "list"}, 0},
    {{"group", "roster", id}, 0},
    {{"group", "add", id, "bob"}, 1},
    {{"device", "remove", "nowhere"}, 1}};

  CHECK(devices_of(node, "alice") == "iris-device; ");
  for (const auto& x : commands) {
    CAPTURE(x.first[0]);
    CHECK(node.run("alice", x.first).code == x.second);
    CHECK(devices_of(node, "alice") == "iris-device; ");
  }
  // One that was named is the user's.
  CHECK(node.run("alice", {"group", "list", "--device", "mine"}).code == 0);
  CHECK(devices_of(node, "alice") == "iris-device; mine; ");
}

TEST_CASE("who may have no more devices is told which there are to remove") {
  live_node node{"[limits]\ndevices_per_user = 2\n"};
  for (const auto* device : {"phone", "laptop"})
    REQUIRE(node.run("bob", {"tail", "--no-follow", "--device", device}).code
            == 0);
  auto too_many = [](const char* task) {
    return std::string{"iris: "} + task
           + "\nwhy: too_many_devices (204): expected at most 2 devices, found "
             "laptop, phone: remove one first\n"
             "try: remove one that is not used any more: iris device remove "
             "NAME; or come in as one of them: --device NAME\n";
  };

  auto list = node.run("bob", {"device", "list"});
  auto unknown = node.run("bob", {"device", "remove", "tablet"});
  auto removed = node.run("bob", {"--json", "device", "remove", "phone"});

  CHECK(list.code == 4);
  CHECK(list.err == too_many("can't list your devices"));
  CHECK(unknown.code == 4);
  CHECK(unknown.err == too_many("can't remove the device"));
  CHECK(removed.code == 0);
  CHECK(removed.err == "");
  CHECK(removed.out == "{\"removed\":true}\n");
  CHECK(devices_of(node, "bob") == "iris-device; laptop; ");
}

} // namespace cli_device_test
