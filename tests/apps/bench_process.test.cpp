#include "apps/bench/node_process.hpp"
#include "apps/bench/process.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>

#include <unistd.h>

namespace bench_process_test {

using namespace iris;
using namespace iris::bench;
using namespace std::chrono_literals;

namespace {

/// A program in the shell that takes the place of a node.
struct stand_in {
  explicit stand_in(const std::string& script)
    : folder(*scratch_directory::make(std::filesystem::temp_directory_path())) {
    with.program = folder.path() / "program";
    with.config = folder.path() / "config";
    with.log = folder.path() / "log";
    std::ofstream{with.program} << "#!/bin/sh\n" << script;
    std::filesystem::permissions(with.program,
                                 std::filesystem::perms::owner_all);
  }

  scratch_directory folder;
  node_process::options with;
};

constexpr auto obedient = "trap 'exit 0' TERM\n"
                          "echo listening on tcp://127.0.0.1:4711\n"
                          "echo listening on tls://[::1]:4712\n"
                          "echo ready\n"
                          "while :; do read x < /dev/null; done\n";

} // namespace

TEST_CASE("this process has used some memory, and is on a machine") {
  auto own = usage_of(getpid());

  REQUIRE(own);
  CHECK(own->rss_bytes > 1'000'000);
  CHECK(own->cpu_s >= 0);
  CHECK(this_machine().cores > 0);
}

TEST_CASE("what the host kept back is the eighth number of the first line") {
  CHECK(stolen_cpu_s("cpu  11 12 13 14 15 16 17 250 19 20\ncpu0 1 2", 100)
        == doctest::Approx(2.5));
  CHECK(stolen_cpu_s("cpu  11 12 13", 100) == 0);
  CHECK(stolen_cpu_s("", 100) == 0);
  CHECK(stolen_cpu_s() >= 0);
}

TEST_CASE("a folder's syncs are timed, and leave nothing there") {
  auto folder = scratch_directory::make(std::filesystem::temp_directory_path());
  REQUIRE(folder);

  std::vector<unsigned> heard;
  auto found = sync_times(folder->path().string(), 3,
                          [&](unsigned so_far) { heard.push_back(so_far); });

  REQUIRE(found);
  CHECK(heard == std::vector<unsigned>{1, 2, 3});
  CHECK(found->count() == 3);
  CHECK(found->percentile(50) > 0);
  CHECK(std::filesystem::is_empty(folder->path()));
}

TEST_CASE("syncs where there is no folder are refused") {
  auto why = sync_times("/nowhere", 1, [](unsigned) {}).failure();
  CHECK(why.code == errc::io_failed);
  CHECK(why.context
        == "/nowhere: No such file or directory, expected a folder that can be "
           "written");
}

TEST_CASE("no process has this number") {
  CHECK(usage_of(1 << 30).failure().code == errc::not_found);
}

TEST_CASE("a started node tells where it listens, and ends when asked to") {
  stand_in program{obedient};

  auto node = node_process::start(program.with);

  REQUIRE(node);
  CHECK((*node)->listeners().at("tcp") == "127.0.0.1:4711");
  CHECK((*node)->listeners().at("tls") == "[::1]:4712");
  CHECK(usage_of((*node)->pid()));
  auto pid = (*node)->pid();
  CHECK((*node)->stop(SIGTERM, 20s));
  CHECK_FALSE(usage_of(pid));
}

TEST_CASE("a node that is let go of is killed") {
  stand_in program{obedient};
  auto node = node_process::start(program.with);
  REQUIRE(node);
  auto pid = (*node)->pid();

  node->reset();

  CHECK_FALSE(usage_of(pid));
}

TEST_CASE("a node that ends while it starts is told from a slow one") {
  stand_in ending{"echo listening on tcp://127.0.0.1:1; exit 3"};
  stand_in slow{"while :; do read x < /dev/null; done"};
  slow.with.start_timeout = 50ms;

  CHECK(node_process::start(ending.with).failure().code == errc::io_failed);
  CHECK(node_process::start(slow.with).failure().code == errc::timed_out);
}

TEST_CASE("a node that can't start says why, in whatever words it has") {
  const std::pair<const char*, const char*> cases[] = {
    {"echo irisd: no >&2; echo why: the disk is gone >&2; echo try: x >&2",
     "the disk is gone"},
    {"echo one >&2; echo two >&2", "two"},
    {"exit 3", "it said nothing"}};
  for (const auto& x : cases) {
    CAPTURE(x.first);
    stand_in program{x.first};

    CHECK(node_process::start(program.with).failure().context
          == std::string{"the node ended while it started: "} + x.second);
  }
}

TEST_CASE("a node that ends badly is not taken for a good one") {
  stand_in program{"trap 'exit 9' TERM; echo ready;"
                   "while :; do read x < /dev/null; done"};
  auto node = node_process::start(program.with);
  REQUIRE(node);

  CHECK((*node)->stop(SIGTERM, 20s).failure().code == errc::internal);
}

TEST_CASE("a program that isn't there is named") {
  stand_in program{""};
  program.with.program = "/nonexistent/irisd";

  auto failed = node_process::start(program.with);

  CHECK(failed.failure().code == errc::not_found);
  CHECK(failed.failure().context.find("/nonexistent/irisd")
        != std::string::npos);
}

TEST_CASE("a scratch folder goes with its owner") {
  std::filesystem::path path;
  {
    auto folder =
      scratch_directory::make(std::filesystem::temp_directory_path());
    REQUIRE(folder);
    path = folder->path();
    std::ofstream{path / "file"} << "x";
    CHECK(std::filesystem::exists(path / "file"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(scratch_directory::make("/nonexistent").failure().code
        == errc::io_failed);
}

} // namespace bench_process_test
