#include "persistence/directories.hpp"

#include "persistence/posix_disk.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>
#include <fstream>
#include <stdlib.h>

namespace directories_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

/// Seeds of what a power cut takes.
constexpr std::uint64_t seeds = 40;
const std::string wanted = "/srv/iris/data";

bool is_there(disk& on) {
  return on.env().FileExists(wanted);
}

} // namespace

TEST_CASE("directories outlast a power cut, however many were missing") {
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    for (const char* there : {"", "/srv/other/x", "/srv/iris/x"}) {
      CAPTURE(seed);
      CAPTURE(there);
      memory_disk disk{seed};
      if (*there != '\0')
        disk.plant(there, "x");

      REQUIRE(make_directories(wanted, disk));

      disk.crash();
      CHECK(is_there(disk));
    }
}

TEST_CASE("directories whose making was cut short are durable the next time") {
  for (std::uint64_t seed = 0; seed < seeds; ++seed)
    for (std::uint64_t n = 1; n <= 7; ++n) {
      CAPTURE(seed);
      CAPTURE(n);
      memory_disk disk{seed};
      disk.fail_at(n);
      CHECK_FALSE(make_directories(wanted, disk));
      disk.kill();

      REQUIRE(make_directories(wanted, disk));

      disk.crash();
      CHECK(is_there(disk));
    }
}

TEST_CASE("a directory that can't be made is an error with its reason") {
  auto name = (std::filesystem::temp_directory_path() / "iris-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  std::filesystem::path here{name};
  std::ofstream{here / "file"} << "text";
  posix_disk disk;

  auto made = make_directories(here / "a/b/c/", disk);
  auto below_a_file = make_directories(here / "file/a", disk);

  CHECK(made);
  CHECK(std::filesystem::is_directory(here / "a/b/c"));
  REQUIRE_FALSE(below_a_file);
  CHECK(below_a_file.failure().code == errc::io_failed);
  CHECK(below_a_file.failure().context
        == "can't make " + (here / "file/a").string()
             + " (IO error: " + (here / "file/a").string()
             + ": Not a directory): expected a directory to write to");
  std::filesystem::remove_all(here);
}

} // namespace directories_test
