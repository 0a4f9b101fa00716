#include "base/ids.hpp"

#include <doctest/doctest.h>

namespace ids_test {

using namespace iris;

TEST_CASE("a name keeps to its alphabet and length") {
  CHECK(user_id::parse("alice@example.org"));
  CHECK(user_id::parse(std::string(64, 'a')));
  for (std::string bad : {"", "a b", "a/b", "ä", "a\n"})
    CHECK(user_id::parse(bad).failure().code == errc::bad_field);
  CHECK(user_id::parse(std::string(65, 'a')).failure().code == errc::bad_field);
  CHECK_FALSE(user_id::parse(std::string_view{"a\0b", 3}));
}

TEST_CASE("a UUID reads as it is written") {
  auto id = message_id::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F");

  REQUIRE(id);
  CHECK(id->str() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  // The example of RFC 9562, appendix A.6: 2022-02-22T19:22:22Z.
  CHECK(is_uuid7(*id));
  CHECK(time_of(*id) == timestamp{1645557742000});
}

TEST_CASE("what is not a UUID is refused") {
  for (std::string bad : {"", "017f22e2", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                          "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                          "017f22e2x79b0-7cc3-98c4-dc0c0c07398f"})
    CHECK(message_id::parse(bad).failure().code == errc::bad_field);
}

TEST_CASE("a made id holds its time and is a UUIDv7") {
  random_source random{7};

  auto id = make_message_id({1700000000123}, random);

  CHECK(is_uuid7(id));
  CHECK(time_of(id) == timestamp{1700000000123});
  CHECK(id != make_message_id({1700000000123}, random));
}

TEST_CASE("two users have one conversation, whoever asks") {
  auto alice = *user_id::parse("alice");
  auto bob = *user_id::parse("bob");

  CHECK(direct_conversation(alice, bob) == direct_conversation(bob, alice));
  CHECK(direct_conversation(alice, bob) != direct_conversation(alice, alice));
}

TEST_CASE("names that run together make different conversations") {
  auto ab = *user_id::parse("ab");
  auto c = *user_id::parse("c");
  auto a = *user_id::parse("a");
  auto bc = *user_id::parse("bc");

  CHECK(direct_conversation(ab, c) != direct_conversation(a, bc));
}

TEST_CASE("a retried create is the same group") {
  random_source random{1};
  auto alice = *user_id::parse("alice");
  auto bob = *user_id::parse("bob");
  auto id = make_message_id({1}, random);

  CHECK(group_conversation(alice, id) == group_conversation(alice, id));
  CHECK(group_conversation(alice, id) != group_conversation(bob, id));
}

} // namespace ids_test
