#include "security/key_file.hpp"

#include "tests/security/temporary_directory.hpp"

#include <thread>
#include <vector>

namespace key_file_test {

using namespace iris;
using namespace iris::security;
using iris::security::test::temporary_directory;
using std::filesystem::perms;

TEST_CASE("the first start makes a key, later ones load it") {
  temporary_directory directory;
  auto file = directory / "signing.jwk";

  auto made = load_or_create_signing_key(file);
  auto again = load_or_create_signing_key(file);
  auto loaded = load_signing_key(file);

  REQUIRE(made);
  CHECK(again->kid() == made->kid());
  CHECK(loaded->kid() == made->kid());
  CHECK(std::filesystem::status(file).permissions()
        == (perms::owner_read | perms::owner_write));
  CHECK(directory.file_count() == 1);
}

TEST_CASE("starts at the same time end with the same key") {
  temporary_directory directory;
  auto file = directory / "signing.jwk";
  std::vector<std::string> kids(8);

  {
    std::vector<std::jthread> starts;
    starts.reserve(kids.size());
    for (auto& kid : kids)
      starts.emplace_back([&kid, &file] {
        if (auto key = load_or_create_signing_key(file))
          kid = key->kid();
      });
  }

  CHECK_FALSE(kids[0].empty());
  for (const auto& kid : kids)
    CHECK(kid == kids[0]);
  CHECK(directory.file_count() == 1);
}

TEST_CASE("a key that is lost is not replaced without being asked") {
  temporary_directory directory;
  auto file = directory / "signing.jwk";

  auto loaded = load_signing_key(file);

  CHECK(loaded.failure().code == errc::not_found);
  CHECK(loaded.failure().context.find(file.string()) != std::string::npos);
  CHECK(directory.file_count() == 0);
}

TEST_CASE("a key file that is wrong is refused and stays as it is") {
  temporary_directory directory;
  auto file = directory / "signing.jwk";
  auto refused_with = [&](const std::string& content) {
    test::write_secret(file, content);
    auto loaded = load_signing_key(file);
    auto created = load_or_create_signing_key(file);
    CHECK(loaded.failure() == created.failure());
    CHECK(loaded.failure().context.find("expected") != std::string::npos);
    CHECK(test::text_of(file) == content);
    return loaded.failure().code;
  };

  CHECK(refused_with("") == errc::corrupt);
  CHECK(refused_with("not a key") == errc::corrupt);
  CHECK(refused_with(R"({"kty":"oct","kid":"k","k":"AAAA"})")
        == errc::config_invalid);
  CHECK(refused_with(R"({"kty":"EC","crv":"P-521","kid":"k"})")
        == errc::config_invalid);
}

TEST_CASE("a key file that others can read is refused and stays as it is") {
  temporary_directory directory;
  auto file = directory / "signing.jwk";
  REQUIRE(load_or_create_signing_key(file));
  auto content = test::text_of(file);
  std::filesystem::permissions(file, perms::group_read,
                               std::filesystem::perm_options::add);

  CHECK(load_signing_key(file).failure().code == errc::config_invalid);
  CHECK(load_or_create_signing_key(file).failure().code
        == errc::config_invalid);
  CHECK(test::text_of(file) == content);
}

TEST_CASE("a directory in the key's place is refused") {
  temporary_directory directory;

  CHECK(load_or_create_signing_key(directory.path()).failure().code
        == errc::config_invalid);
}

} // namespace key_file_test
