#include "security/files.hpp"

#include "tests/security/temporary_directory.hpp"

#include <sys/stat.h>

namespace files_test {

using namespace iris;
using namespace iris::security;
using iris::security::test::temporary_directory;
using std::filesystem::perms;

TEST_CASE("a secret is written for its owner only, and read back") {
  temporary_directory directory;
  auto file = directory / "secret";

  REQUIRE(write_new(file, "abc", readable_by::owner));

  CHECK(*read_secret(file) == "abc");
  CHECK(std::filesystem::status(file).permissions()
        == (perms::owner_read | perms::owner_write));
  CHECK(directory.file_count() == 1);
}

TEST_CASE("a file that is there is not replaced") {
  temporary_directory directory;
  auto file = directory / "secret";
  REQUIRE(write_new(file, "first", readable_by::owner));

  auto second = write_new(file, "second", readable_by::owner);

  CHECK(second.failure().code == errc::already_exists);
  CHECK(test::text_of(file) == "first");
  CHECK(directory.file_count() == 1);
}

TEST_CASE("what a crash left half written hinders nobody") {
  temporary_directory directory;
  test::write_secret(directory / "secret.new-123", "ha");

  CHECK(write_new(directory / "secret", "whole", readable_by::owner));

  CHECK(*read_secret(directory / "secret") == "whole");
}

TEST_CASE("a secret that others have any right to is refused") {
  temporary_directory directory;
  auto file = directory / "secret";
  for (auto right :
       {perms::group_read, perms::group_write, perms::group_exec,
        perms::others_read, perms::others_write, perms::others_exec}) {
    test::write_secret(file, "abc");
    std::filesystem::permissions(file, right,
                                 std::filesystem::perm_options::add);

    auto read = read_secret(file);

    CHECK(read.failure().code == errc::config_invalid);
    CHECK(read.failure().context.find("expected 0600") != std::string::npos);
    CHECK(read.failure().context.find("abc") == std::string::npos);
  }
}

TEST_CASE("a missing, empty or endless secret is refused, each by its name") {
  temporary_directory directory;
  test::write_secret(directory / "empty", "");
  test::write_secret(directory / "long", std::string(64 * 1024 + 1, 'x'));
  test::write_secret(directory / "longest", std::string(64 * 1024, 'x'));

  CHECK(read_secret(directory / "none").failure().code == errc::not_found);
  CHECK(read_secret(directory / "empty").failure().code == errc::corrupt);
  CHECK(read_secret(directory / "long").failure().code == errc::corrupt);
  CHECK(read_secret(directory / "longest"));
  CHECK(read_secret(directory.path()).failure().code == errc::config_invalid);
  CHECK(read_secret(directory / "empty" / "below").failure().code
        == errc::io_failed);
}

TEST_CASE("a pipe in a secret's place is refused, not waited for") {
  temporary_directory directory;
  auto pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);

  CHECK(read_secret(pipe).failure().code == errc::config_invalid);
}

TEST_CASE("a directory that is missing is an error that names the file") {
  temporary_directory directory;

  auto written =
    write_new(directory / "none" / "secret", "abc", readable_by::owner);

  CHECK(written.failure().code == errc::io_failed);
  CHECK(written.failure().context.find("none/secret") != std::string::npos);
}

} // namespace files_test
