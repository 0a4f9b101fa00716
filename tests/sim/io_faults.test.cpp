// Each call to the disk in a whole node's life goes wrong once.
#include "tests/sim/script.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

namespace io_faults_test {

using namespace iris::sim;

namespace {

constexpr std::array kinds{
  io::create,   io::open,  io::read,          io::list,   io::write,
  io::sync,     io::close, io::rename,        io::remove, io::reserve,
  io::truncate, io::lock,  io::sync_directory};
static_assert(kinds.size() == io_kinds);

/// Sanitized runs are slow.
#ifdef IRIS_SANITIZED
constexpr std::uint64_t stride = 11;
#else
constexpr std::uint64_t stride = 1;
#endif

std::uint64_t seed() {
  auto* given = std::getenv("IRIS_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 1;
}

/// The first few, a line each.
std::string text(const std::vector<std::string>& problems) {
  std::string out;
  for (std::size_t i = 0; i < problems.size() && i < 5; ++i)
    out += problems[i] + "\n";
  return out;
}

void run_all(mishap::how what) {
  caf_host caf;
  auto plain = run_script(caf.system, seed());
  REQUIRE(text(plain.problems) == "");
  auto wrong = 0;
  for (auto kind : kinds) {
    auto calls = plain.calls[static_cast<std::size_t>(kind)];
    for (std::uint64_t n = 1; n <= calls && wrong < 5; n += stride) {
      mishap bad{what, kind, n};
      CAPTURE(to_string(bad));
      auto run = run_script(caf.system, seed(), bad);
      CHECK(run.happened);
      CHECK(run.acknowledged == plain.acknowledged);
      CHECK(text(run.problems) == "");
      wrong += run.problems.empty() ? 0 : 1;
    }
  }
}

} // namespace

TEST_CASE("the script meets all that a node does to a disk") {
  caf_host caf;
  auto plain = run_script(caf.system, seed());

  CHECK(text(plain.problems) == "");
  CHECK(plain.acknowledged == 13);
  CHECK(plain.repeated);
  CHECK(plain.rested);
  CHECK(plain.trimmed);
  for (auto kind : kinds) {
    auto calls = plain.calls[static_cast<std::size_t>(kind)];
    MESSAGE(std::string{to_string(kind)}, ": ", calls);
    CHECK(calls > 0);
  }
  CHECK(run_script(caf.system, seed()).trace_hash == plain.trace_hash);
}

TEST_CASE("whichever call to the disk fails, a new process has everything") {
  run_all(mishap::how::fails);
}

TEST_CASE("whichever call to the disk fails, a new machine has everything") {
  run_all(mishap::how::fails_power);
}

TEST_CASE("whichever call fails when it is done, nothing is lost by a node") {
  run_all(mishap::how::fails_late);
}

TEST_CASE("before whichever call power is cut, a node has everything") {
  run_all(mishap::how::cut_before);
}

TEST_CASE("behind whichever call power is cut, a node has everything") {
  run_all(mishap::how::cut_after);
}

} // namespace io_faults_test
