#include "persistence/keys.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace keys_test {

using namespace iris;
using namespace iris::persistence;

namespace {

const actor_ref alice{actor_kind::user, main_tenant, "alice"};

} // namespace

TEST_CASE("a key's prefix has the bytes that docs/storage.md gives") {
  CHECK(to_hex(key_prefix({0x0102}, alice))
        == "0102" // shard
           "02"   // user
           "00000001"
           "05"
           "616c696365");
}

TEST_CASE("a key tells its owner, whatever comes behind") {
  CHECK(rc::check([](std::uint16_t shard, std::uint32_t tenant,
                     const std::string& id, const std::string& rest) {
    actor_ref who{actor_kind::conversation, {tenant}, id.substr(0, 255)};
    auto owner = owner_of(key_prefix({shard}, who) + rest);
    RC_ASSERT(owner);
    RC_ASSERT(*owner == who);
  }));
}

TEST_CASE("no key of one actor is below another's prefix") {
  CHECK(rc::check([](const std::string& a, const std::string& b) {
    actor_ref first{actor_kind::user, main_tenant, a.substr(0, 255)};
    actor_ref second{actor_kind::user, main_tenant, b.substr(0, 255)};
    RC_ASSERT(first == second
              || !key_prefix({1}, first).starts_with(key_prefix({1}, second)));
  }));
}

TEST_CASE("keys that nobody has are corrupt") {
  auto key = key_prefix({1}, alice);
  for (std::size_t size = 0; size < key.size(); ++size)
    CHECK(owner_of(key.substr(0, size)).failure().code == errc::corrupt);
  key[2] = 4;
  CHECK(owner_of(key).failure()
        == error{errc::corrupt,
                 "no actor has the key 0001040000000105616c696365, expected a "
                 "shard, a kind from 0 to 3, a tenant and an id"});
}

TEST_CASE("a prefix ends where no key with it can be") {
  CHECK(prefix_end("ab") == "ac");
  CHECK(prefix_end("a\xff\xff") == "b");
  CHECK(prefix_end("\x7f") == "\x80");
  CHECK(prefix_end("\xff\xff").empty());
  CHECK(prefix_end("").empty());
  CHECK(rc::check([](const std::string& prefix, const std::string& rest) {
    auto end = prefix_end(prefix);
    RC_ASSERT(end.empty() || prefix + rest < end);
  }));
}

TEST_CASE("actors spread over all shards, and each stays where it is") {
  std::vector<int> found(16);
  for (int i = 0; i < 1600; ++i) {
    auto who = actor_ref{actor_kind::user, main_tenant, std::to_string(i)};
    ++found[shard_of(who, 16).value];
  }
  for (auto n : found)
    CHECK(n > 60);
  CHECK(shard_of(alice, 1) == shard_id{0});
  // Placement is part of what is stored: it must never change.
  CHECK(shard_of(alice, 64).value == 52);
}

} // namespace keys_test
