#include "config/changes.hpp"

#include "config/rules.hpp"

#include <doctest/doctest.h>

namespace changes_test {

using namespace iris::config;
using namespace std::chrono_literals;

TEST_CASE("equal settings have no changes") {
  CHECK(changes(defaults(), defaults()).empty());
}

TEST_CASE("changes tell option, before and after, in order") {
  auto before = defaults();
  auto after = before;
  after.log.level = log_level::debug;
  after.limits.idle_timeout = 90s;
  after.tls.names = {"a", "b"};

  auto all = changes(before, after);

  REQUIRE(all.size() == 3);
  CHECK(all[0].what->name() == "tls.names");
  CHECK(all[0].before == R"(["localhost", "127.0.0.1"])");
  CHECK(all[0].after == R"(["a", "b"])");
  CHECK(all[1].what->name() == "limits.idle_timeout");
  CHECK(all[1].before == R"("1m")");
  CHECK(all[1].after == R"("90s")");
  CHECK(all[2].what->name() == "log.level");
  CHECK(all[2].after == R"("debug")");
}

TEST_CASE("a reload takes what can be reloaded and leaves the rest") {
  auto running = defaults();
  auto wanted = running;
  wanted.log.level = log_level::debug;
  wanted.node.shards = 64;
  wanted.listen.tcp.address = {"127.0.0.1", 9999};

  auto next = reloaded(running, wanted);

  CHECK(next.log.level == log_level::debug);
  CHECK(next.node.shards == 16);
  CHECK(next.listen.tcp.address == running.listen.tcp.address);
  CHECK(changes(next, wanted).size() == 2);
}

TEST_CASE("no rule reads what is reloaded, so that a reload breaks none") {
  for (const auto& r : rules())
    for (auto name : r.options) {
      INFO(name);
      REQUIRE(find_option(name) != nullptr);
      CHECK(find_option(name)->changes != effect::reload);
    }
}

} // namespace changes_test
