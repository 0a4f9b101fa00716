#include "persistence/writes.hpp"

#include "persistence/keys.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>
#include <vector>

namespace writes_test {

using namespace iris;
using namespace iris::persistence;

namespace {

/// Writes down what it is shown.
struct recorder {
  std::vector<std::string> seen;

  void put(std::string_view key, std::string_view value) {
    auto payload = checked_payload(key, value);
    seen.push_back("put " + std::string{key} + " "
                   + (payload ? std::string{*payload} : "damaged"));
  }
  void erase(std::string_view key) {
    seen.push_back("erase " + std::string{key});
  }
  void erase_range(std::string_view first, std::string_view last) {
    seen.push_back("erase " + std::string{first} + " to " + std::string{last});
  }
};

} // namespace

TEST_CASE("writes are visited in order, as they were made") {
  writes made;
  made.put("a", "one");
  made.erase("b");
  made.erase_range("c", "d");
  made.put("a", "");

  recorder seen;
  REQUIRE(visit_writes(made.bytes(), seen));

  CHECK(seen.seen
        == std::vector<std::string>{"put a one", "erase b", "erase c to d",
                                    "put a "});
}

TEST_CASE("writes have the bytes that docs/storage.md gives") {
  writes made;
  made.put("k", "v");
  made.erase("k");
  made.erase_range("k", "l");

  auto hex = to_hex(made.bytes());
  // The four bytes in between are the checksum.
  CHECK(hex.substr(0, 8) == "01016b05");
  CHECK(hex.substr(16) == "7602016b03016b016c");
}

TEST_CASE("writes that run on are as good as writes at once") {
  writes first, second, both;
  first.put("a", "1");
  second.erase("a");
  both.put("a", "1");
  both.erase("a");

  first.append(second);

  CHECK(first.bytes() == both.bytes());
  CHECK(first.take() == both.bytes());
  CHECK(first.empty());
}

TEST_CASE("malformed writes are corrupt, and what came before was visited") {
  writes made;
  made.put("a", "1");
  auto whole = made.bytes().size();
  made.erase("b");
  recorder seen;

  auto visited =
    visit_writes(std::string_view{made.bytes()}.substr(0, whole + 2), seen);

  CHECK(visited.failure().code == errc::corrupt);
  CHECK(seen.seen == std::vector<std::string>{"put a 1"});
  for (std::string_view bad :
       {"\x04\x01k", "\x01\x01k\x03ooo", "\x02", "\x03\x01k"})
    CHECK_FALSE(visit_writes(bad, seen));
  CHECK_FALSE(visit_writes(std::string_view{"\0\1k", 3}, seen));
  CHECK(seen.seen.size() == 1);
}

TEST_CASE("any bytes are visited or refused") {
  CHECK(rc::check([](const std::string& bytes) {
    recorder seen;
    static_cast<void>(visit_writes(bytes, seen));
  }));
}

TEST_CASE("only keys below a prefix are below it") {
  auto below = [](auto&& make) {
    writes made;
    made.put("ab1", "");
    make(made);
    return made.only_below("ab");
  };

  CHECK(below([](writes& x) { x.erase("ab"); }));
  CHECK(below([](writes& x) { x.erase_range("ab1", "ab2"); }));
  CHECK(below([](writes& x) { x.erase_range("ab", "ac"); }));
  CHECK_FALSE(below([](writes& x) { x.put("ac", ""); }));
  CHECK_FALSE(below([](writes& x) { x.erase("a"); }));
  CHECK_FALSE(below([](writes& x) { x.erase_range("aa", "ab1"); }));
  CHECK_FALSE(below([](writes& x) { x.erase_range("ab1", "ad"); }));
}

TEST_CASE("a value is good for its own key only, and as it was written") {
  auto value = checked_value("key", "payload");

  CHECK(*checked_payload("key", value) == "payload");
  CHECK(checked_payload("kez", value).failure()
        == error{errc::corrupt, "the value of key 6b657a is damaged, expected "
                                "it to match its checksum"});
  for (std::size_t i = 0; i < value.size() * 8; ++i) {
    auto bad = value;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << i % 8));
    CHECK_FALSE(checked_payload("key", bad));
  }
  for (std::size_t i = 0; i < value.size(); ++i)
    CHECK_FALSE(checked_payload("key", value.substr(0, i)));
}

} // namespace writes_test
