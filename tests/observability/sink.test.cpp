#include "observability/sink.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace sink_test {

using namespace iris;
using namespace iris::observability;

namespace {

struct temporary_folder {
  temporary_folder() {
    auto name =
      (std::filesystem::temp_directory_path() / "iris.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("a file is appended to, and readable by owner and group only") {
  temporary_folder folder;
  auto path = folder.path / "iris.log";

  for (auto line : {"one\n", "two\n"}) {
    auto sink = file_sink(path);
    REQUIRE(sink);
    CHECK((*sink)->write(line));
  }

  CHECK(content_of(path) == "one\ntwo\n");
  using std::filesystem::perms;
  auto others = std::filesystem::status(path).permissions() & perms::others_all;
  CHECK(others == perms::none);
}

TEST_CASE("a line is in the file when write returns") {
  temporary_folder folder;
  auto sink = file_sink(folder.path / "iris.log");
  REQUIRE(sink);

  (*sink)->write("one\n");

  CHECK(content_of(folder.path / "iris.log") == "one\n");
}

TEST_CASE("a pipe that nobody reads is an error, not waited for") {
  temporary_folder folder;
  auto pipe = folder.path / "pipe", path = folder.path / "iris.log";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  auto expected = [](const std::filesystem::path& x) {
    return "expected a log file that can be written at " + x.string()
           + ": nobody reads this pipe";
  };

  auto first = file_sink(pipe);

  REQUIRE_FALSE(first);
  CHECK(first.failure().code == errc::io_failed);
  CHECK(first.failure().context == expected(pipe));
  auto sink = file_sink(path);
  REQUIRE(sink);
  std::filesystem::rename(path, folder.path / "old");
  std::filesystem::rename(pipe, path);
  auto again = (*sink)->reopen();
  REQUIRE_FALSE(again);
  CHECK(again.failure().context == expected(path));
  CHECK((*sink)->write("on\n"));
  CHECK(content_of(folder.path / "old") == "on\n");
}

TEST_CASE("a device, or a pipe that is read, can be logged to") {
  temporary_folder folder;
  auto pipe = folder.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  auto reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  REQUIRE(reader >= 0);
  auto null = file_sink("/dev/null"), sink = file_sink(pipe);
  REQUIRE(null);
  REQUIRE(sink);

  CHECK((*null)->write("gone\n"));
  CHECK((*sink)->write("one\n"));

  char read[8] = {};
  CHECK(::read(reader, read, sizeof read) == 4);
  CHECK(read == std::string{"one\n"});
  ::close(reader);
}

TEST_CASE("a file that can't be opened is an error that names it") {
  auto sink = file_sink("/proc/no/such/iris.log");

  REQUIRE_FALSE(sink);
  CHECK(sink.failure()
        == error{errc::io_failed,
                 "expected a log file that can be written at "
                 "/proc/no/such/iris.log: No such file or directory"});
}

TEST_CASE("a file that was renamed is left for a new one") {
  temporary_folder folder;
  auto path = folder.path / "iris.log", old = folder.path / "iris.log.1";
  auto sink = file_sink(path);
  REQUIRE(sink);
  (*sink)->write("one\n");
  std::filesystem::rename(path, old);
  (*sink)->write("two\n");

  CHECK((*sink)->reopen());

  (*sink)->write("three\n");
  CHECK(content_of(old) == "one\ntwo\n");
  CHECK(content_of(path) == "three\n");
}

TEST_CASE("where no new file can be opened the old one is kept") {
  temporary_folder folder;
  auto path = folder.path / "iris.log", old = folder.path / "iris.log.1";
  auto sink = file_sink(path);
  REQUIRE(sink);
  std::filesystem::rename(path, old);
  std::filesystem::create_directory(path);

  auto reopened = (*sink)->reopen();

  (*sink)->write("one\n");
  REQUIRE_FALSE(reopened);
  CHECK(reopened.failure()
        == error{errc::io_failed, "expected a log file that can be written at "
                                    + path.string() + ": Is a directory"});
  CHECK(content_of(old) == "one\n");
}

TEST_CASE("a full disk loses the line and says so") {
  auto sink = file_sink("/dev/full");
  REQUIRE(sink);

  CHECK_FALSE((*sink)->write("one\n"));
}

TEST_CASE("standard error takes lines") {
  CHECK(stderr_sink()->write("a line of a test\n"));
}

} // namespace sink_test
