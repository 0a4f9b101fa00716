#include "security/certificates.hpp"
#include "security/files.hpp"
#include "security/tls.hpp"
#include "tests/security/temporary_directory.hpp"

#include <cstdarg>
#include <map>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace certificates_cut_test {

using namespace iris;
using namespace iris::security;
using iris::security::test::temporary_directory;
using iris::security::test::text_of;

namespace {

constexpr timestamp now{1'700'000'000'000};
constexpr int was_cut = 77;

/// How many changes of the disk are left before the process is killed.
int steps_left = -1;

void step() {
  if (steps_left == 0)
    ::_exit(was_cut);
  if (steps_left > 0)
    --steps_left;
}

/// As on a file system that has no files without a name.
bool all_have_names = false;

} // namespace

// They take the place of libc's in this program; its parameters have no names
// that a program may use.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
extern "C" {

int open(const char* name, int flags, ...) {
  if (all_have_names && (flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  va_list more;
  va_start(more, flags);
  auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, name, flags, mode));
}

int fsync(int file) {
  step();
  return static_cast<int>(::syscall(SYS_fsync, file));
}

int linkat(int from_where, const char* from, int to_where, const char* to,
           int flags) noexcept {
  step();
  return static_cast<int>(
    ::syscall(SYS_linkat, from_where, from, to_where, to, flags));
}

int unlink(const char* name) noexcept {
  step();
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, name, 0));
}
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)

namespace {

/// A start that is killed before its change of the disk number `steps`.
/// Returns whether it was.
bool cut_start(const temporary_directory& where, int steps) {
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    steps_left = steps;
    ::_exit(make_self_signed(where.path(), {"localhost"}, now) ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  REQUIRE((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == was_cut));
  return WEXITSTATUS(status) == was_cut;
}

/// What is there, and what it holds.
std::map<std::string, std::string> named(const temporary_directory& where) {
  std::map<std::string, std::string> out;
  for (const auto& x : std::filesystem::directory_iterator{where.path()})
    out[x.path().filename()] = text_of(x.path());
  return out;
}

} // namespace

TEST_CASE("a first start that was cut short is finished by the next one") {
  auto steps = 0;
  for (auto cut = true; cut; ++steps) {
    CAPTURE(steps);
    temporary_directory directory;
    cut = cut_start(directory, steps);
    auto before = named(directory);

    auto files = make_self_signed(directory.path(), {"localhost"}, now);

    REQUIRE(files);
    CHECK(server_context(files->cert, files->key));
    CHECK(client_context(files->ca));
    auto after = named(directory);
    CHECK(after.size() == 3);
    before.erase("certificates.unfinished");
    for (const auto& [name, content] : before)
      CHECK(after[name] == content);
  }
  // Four files, each synced, named and its name synced; all names once more
  // before one is removed.
  CHECK(steps == 16);
}

TEST_CASE("an end of a first start that was cut short is finished as well") {
  // Behind the sync of the unfinished file's name, and of ca.pem's.
  for (auto first : {3, 6}) {
    for (auto steps = 0, cut = 1; cut; ++steps) {
      CAPTURE(first);
      CAPTURE(steps);
      temporary_directory directory;
      REQUIRE(cut_start(directory, first));
      auto whole = named(directory).at("certificates.unfinished");
      cut = cut_start(directory, steps);

      REQUIRE(make_self_signed(directory.path(), {"localhost"}, now));

      auto after = named(directory);
      CHECK(after.size() == 3);
      CHECK(after["node.key"] + after["node.pem"] + after["ca.pem"] == whole);
    }
  }
}

TEST_CASE("where a file has to have a name it is made under another one") {
  temporary_directory directory;
  all_have_names = true;

  auto first = write_new(directory / "secret", "first", readable_by::owner);
  auto second = write_new(directory / "secret", "second", readable_by::owner);

  all_have_names = false;
  CHECK(first);
  CHECK(second.failure().code == errc::already_exists);
  CHECK(*read_secret(directory / "secret") == "first");
  CHECK(named(directory).size() == 1);
}

TEST_CASE("what an operator put beside an unfinished first start is kept") {
  for (std::string name : {"ca.pem", "node.pem", "node.key"}) {
    temporary_directory directory;
    REQUIRE(cut_start(directory, 3));
    test::write_secret(directory / name.c_str(), "the operator's");
    auto whole = named(directory).at("certificates.unfinished");

    auto again = make_self_signed(directory.path(), {"localhost"}, now);

    REQUIRE_FALSE(again);
    CHECK(again.failure().code == errc::config_invalid);
    CHECK(again.failure().context.find(name + " is not") != std::string::npos);
    CHECK(text_of(directory / name.c_str()) == "the operator's");
    CHECK(named(directory).at("certificates.unfinished") == whole);
  }
}

TEST_CASE("an unfinished first start that is none is refused and kept") {
  for (std::string content :
       {"", "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n"}) {
    temporary_directory directory;
    test::write_secret(directory / "certificates.unfinished", content);

    auto started = make_self_signed(directory.path(), {"localhost"}, now);

    REQUIRE_FALSE(started);
    CHECK(started.failure().code == errc::corrupt);
    CHECK(named(directory).size() == 1);
  }
}

} // namespace certificates_cut_test
