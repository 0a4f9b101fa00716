#include "apps/server.hpp"
#include "tests/apps/visitor.hpp"
#include "tests/security/temporary_directory.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include <sys/stat.h>

namespace server_reload_test {

using namespace iris;
using namespace std::chrono_literals;
using test::visitor;

namespace {

/// A node of one shard on a port of its own, in this process.
struct running {
  running() {
    settings.node.data_dir = folder.path();
    settings.node.shards = 1;
    settings.node.threads = 1;
    settings.listen.tcp.address = {"127.0.0.1", 0};
    settings.admin.address = {};
    settings.log.file = folder.path() / "log";
    settings.limits.connections = 1;
    node = *apps::server::start(settings);
    auto address = node->addresses().front();
    port = static_cast<std::uint16_t>(
      std::stoi(address.substr(address.rfind(':') + 1)));
  }

  security::test::temporary_directory folder;
  config::settings settings = config::defaults();
  std::unique_ptr<apps::server> node;
  std::uint16_t port = 0;
};

} // namespace

TEST_CASE("a new store is for nobody else, whatever the umask") {
  auto usual = ::umask(0);
  running it;
  ::umask(usual);

  auto store = std::filesystem::status(it.folder.path() / "store");
  CHECK(store.permissions() == std::filesystem::perms::owner_all);
}

TEST_CASE("a reload takes over what can be, and names the rest") {
  running it;
  auto wanted = it.settings;
  wanted.limits.connections = 2;
  wanted.limits.idle_timeout = 50s;
  wanted.limits.mailbox = 2048;
  wanted.log.level = config::log_level::error;
  wanted.node.shards = 2;
  visitor first{it.port};
  CHECK(first.said() == "welcome");
  CHECK(visitor{it.port}.said() == "overloaded");

  auto changed = it.node->reload(wanted);

  REQUIRE(changed);
  std::string names;
  for (const auto& x : *changed)
    names += std::string{x.what->name()} + " "
             + std::string{to_string(x.what->changes)} + "\n";
  CHECK(names
        == "node.shards never, once the store exists\n"
           "limits.connections at reload\n"
           "limits.idle_timeout at reload\n"
           "limits.mailbox at restart\n"
           "log.level at reload\n");
  visitor second{it.port};
  REQUIRE(second.said() == "welcome");
  // Two fifths of the idle time.
  CHECK(std::get<protocol::welcome>(second.answer).heartbeat_ms == 20'000);
  CHECK_FALSE(it.node->log().enabled(observability::log_level::warn));
  // What can't be taken over differs still, and nothing else does.
  CHECK(it.node->reload(wanted)->size() == 2);
  it.node.reset();
  std::ifstream file{it.settings.log.file};
  std::string log{std::istreambuf_iterator<char>{file}, {}};
  CHECK(log.find(R"("option changed" option=limits.connections before=1)"
                 " after=2")
        != std::string::npos);
  CHECK(log.find(R"("option not changed" option=limits.mailbox)")
        != std::string::npos);
}

TEST_CASE("a reserve below what is on its way is told, and the default not") {
  auto log_of = [](std::uint32_t shards, std::uint64_t reserve,
                   std::uint64_t reloaded) {
    security::test::temporary_directory folder;
    auto settings = config::defaults();
    settings.node.data_dir = folder.path();
    settings.node.shards = shards;
    settings.node.threads = 1;
    settings.listen.tcp.address = {"127.0.0.1", 0};
    settings.admin.address = {};
    settings.log.file = folder.path() / "log";
    settings.storage.reserve = reserve;
    auto node = *apps::server::start(settings);
    settings.storage.reserve = reloaded;
    REQUIRE(node->reload(settings));
    node.reset();
    std::ifstream file{settings.log.file};
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);)
      if (auto i = line.find("\"storage.reserve is less"); i != line.npos)
        out.push_back(line.substr(line.find(" reserve=")));
    return out;
  };
  using lines = std::vector<std::string>;
  constexpr auto mib = std::uint64_t{1} << 20;
  auto usual = config::defaults().storage.reserve;
  auto shards = config::defaults().node.shards;

  CHECK(log_of(shards, usual, usual + 1) == lines{});
  CHECK(log_of(1, 544 * mib, 600 * mib) == lines{});
  CHECK((log_of(1, 544 * mib - 1, 543 * mib)
         == lines{" reserve=570425343 needed=570425344",
                  " reserve=569376768 needed=570425344"}));
}

TEST_CASE("the certificate is read again, and a bad one changes nothing") {
  security::test::temporary_directory folder;
  auto settings = config::defaults();
  settings.node.data_dir = folder.path();
  settings.node.shards = 1;
  settings.node.threads = 1;
  settings.listen.tcp.address = {};
  settings.listen.tls.address = {"127.0.0.1", 0};
  settings.tls.generate = true;
  settings.admin.address = {};
  settings.log.file = folder.path() / "log";
  auto node = *apps::server::start(settings);
  std::filesystem::resize_file(folder.path() / "node.pem", 10);
  settings.log.level = config::log_level::debug;

  auto changed = node->reload(settings);

  CHECK_FALSE(changed);
  CHECK(changed.failure().code == errc::config_invalid);
  CHECK_FALSE(node->log().enabled(observability::log_level::debug));
}

} // namespace server_reload_test
