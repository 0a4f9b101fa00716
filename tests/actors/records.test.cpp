#include "actors/records.hpp"

#include "tests/actors/support.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace records_test {

using namespace iris;
using namespace iris::actors;
using iris::actors::test::id_at;
using iris::actors::test::user;

namespace {

keyring some_keys() {
  return {{3}, ref_of(user("alice"))};
}

/// Each cut and each extra byte has to be noticed.
template <class Decode>
void check_damage(const std::string& good, Decode decode) {
  RC_ASSERT(static_cast<bool>(decode(good)));
  for (std::size_t n = 0; n < good.size(); ++n)
    RC_ASSERT(decode(std::string_view{good}.substr(0, n)).failure().code
              == errc::corrupt);
  RC_ASSERT(decode(good + 'x').failure().code == errc::corrupt);
}

member_record some_member(std::uint8_t role, const std::vector<int>& ends) {
  member_record out;
  out.role = static_cast<protocol::role>(role % 3);
  for (auto x : ends)
    out.intervals.push_back({{static_cast<std::uint64_t>(x)}, {7}});
  out.intervals.push_back({{9}, {}});
  return out;
}

} // namespace

TEST_CASE("what a conversation keeps is read as it was written") {
  CHECK(rc::check([](bool direct, const std::string& title, std::uint64_t a,
                     std::int64_t at, std::uint64_t b) {
    auto about = encode(about_record{direct, title});
    RC_ASSERT(decode_about(about)->direct == direct);
    RC_ASSERT(decode_about(about)->title == title);
    check_damage(about, decode_about);

    dedup_record where{{a}, {at}, b};
    RC_ASSERT(*decode_dedup(encode(where)) == where);
    check_damage(encode(where), decode_dedup);

    auto floor = encode(floor_record{a, {at}});
    RC_ASSERT(decode_floor(floor)->position == a);
    RC_ASSERT(decode_floor(floor)->at == timestamp{at});
    check_damage(floor, decode_floor);

    RC_ASSERT(*decode_number(encode_number(a)) == a);
    check_damage(encode_number(a), decode_number);
  }));
}

TEST_CASE("a member's role and intervals are read as they were written") {
  CHECK(rc::check([](std::uint8_t role, const std::vector<int>& ends) {
    auto member = some_member(role, ends);
    auto found = decode_member(encode(member));
    RC_ASSERT(found->role == member.role);
    RC_ASSERT(found->intervals == member.intervals);
    RC_ASSERT(found->current());
    RC_ASSERT(found->since() == sequence{9});
    check_damage(encode(member), decode_member);
  }));
}

TEST_CASE("a device's cursor is read as it was written") {
  CHECK(rc::check([](std::uint64_t cursor, std::int64_t seen) {
    auto bytes = encode(device_record{{cursor}, {seen}});
    RC_ASSERT(decode_device(bytes)->cursor == inbox_offset{cursor});
    RC_ASSERT(decode_device(bytes)->seen == timestamp{seen});
    check_damage(bytes, decode_device);
  }));
}

TEST_CASE("any bytes are a record or corrupt, never a crash") {
  CHECK(rc::check([](const std::string& bytes) {
    auto judge = [](const auto& found) {
      if (!found)
        RC_ASSERT(found.failure().code == errc::corrupt);
    };
    judge(decode_about(bytes));
    judge(decode_dedup(bytes));
    judge(decode_member(bytes));
    judge(decode_floor(bytes));
    judge(decode_device(bytes));
    judge(decode_number(bytes));
  }));
}

TEST_CASE("a member without intervals or with an unknown role is corrupt") {
  member_record never;
  CHECK(decode_member(encode(never)).failure().code == errc::corrupt);

  auto bytes = encode(some_member(0, {}));
  bytes[0] = 3;
  CHECK(decode_member(bytes).failure().code == errc::corrupt);
}

TEST_CASE("a count beyond the input ends at its end") {
  std::string bytes{"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11};

  CHECK(decode_member(bytes).failure().code == errc::corrupt);
}

TEST_CASE("an actor's keys stand together, positions in their order") {
  auto keys = some_keys();

  CHECK(keys.prefix() == persistence::key_prefix({3}, ref_of(user("alice"))));
  CHECK(keys.all(record::inbox) == keys.prefix() + 'I');
  CHECK(keys.of(record::device, "phone") == keys.prefix() + "Xphone");
  CHECK(keys.at(record::log, 255) < keys.at(record::log, 256));
  CHECK(keyring::position(keys.at(record::log, 1ULL << 40)) == 1ULL << 40);
  CHECK(keys.fan_out({0x0102}) == keys.prefix() + "S\x01\x02");
  CHECK(keys.suffix(keys.of(record::device, "phone")) == "phone");
}

TEST_CASE("ids of messages stand in the order of their times") {
  auto keys = some_keys();
  auto old_id = id_at(1000, 1);
  auto new_id = id_at(1001, 0);

  CHECK(keys.dedup(old_id, user("zoe")) < keys.dedup(new_id, user("bob")));
  CHECK(keys.dedup(old_id, user("bob")) < keys.dedup(old_id, user("zoe")));
  CHECK(keys.suffix(keys.dedup(old_id, user("bob")))
        == std::string{old_id.bytes()}.append("bob"));
}

} // namespace records_test
