#include "apps/bench/checker.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace bench_checker_test {

using namespace iris::bench;

namespace {

constexpr std::uint32_t sender = 7;
constexpr std::size_t size = 200;

std::string message(std::uint64_t number) {
  return make_body({sender, number, 1000 + number}, size);
}

/// What a receiver of these numbers, in this order, finds once `sent` of them
/// have been sent.
faults found_in(const std::vector<std::uint64_t>& numbers, std::uint64_t sent) {
  stream_checker x{sender};
  for (auto n : numbers)
    x.receive(message(n), n);
  return x.finish(sent);
}

} // namespace

TEST_CASE("a body reads as it was made") {
  body made{3, 12'345'678'901, 42};

  auto text = make_body(made, size);

  CHECK(text.size() == size);
  REQUIRE(read_body(text));
  CHECK(*read_body(text) == made);
  CHECK(make_body(made, size) == text);
  CHECK(read_body(make_body(made, body::bytes_min)) == made);
}

TEST_CASE("a body with any bit changed is none") {
  rc::check([](std::uint32_t who, std::uint64_t number) {
    auto bytes = *rc::gen::inRange(body::bytes_min, body::bytes_min + 100);
    auto text = make_body({who, number, 1}, bytes);
    auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] ^= static_cast<char>(1 << *rc::gen::inRange(0, 8));

    RC_ASSERT(!read_body(text));
  });
}

TEST_CASE("a body that was cut, padded or emptied is none") {
  auto text = message(1);

  CHECK_FALSE(read_body(text.substr(0, size - 1)));
  CHECK_FALSE(read_body(text + '\0'));
  CHECK_FALSE(read_body(text.substr(0, 10)));
  CHECK_FALSE(read_body(""));
}

TEST_CASE("a stream without faults has none") {
  CHECK(found_in({1, 2, 3}, 3) == faults{});
  CHECK(found_in({}, 0) == faults{});
  CHECK_FALSE(faults{}.any());
}

TEST_CASE("a message that never comes is lost") {
  faults one_lost{.lost = 1};

  CHECK(found_in({1, 3}, 3) == one_lost);
  CHECK(found_in({2, 3}, 3) == one_lost);
  CHECK(found_in({1, 2}, 3) == one_lost);
  CHECK(found_in({}, 1) == one_lost);
  CHECK(one_lost.any());
}

TEST_CASE("a message that comes twice is a duplicate") {
  faults one_twice{.duplicated = 1};

  CHECK(found_in({1, 1, 2}, 2) == one_twice);
  CHECK(found_in({1, 2, 1}, 2) == one_twice);
  CHECK(one_twice.any());
}

TEST_CASE("a message that comes after a later one is reordered, not lost") {
  faults one_late{.reordered = 1};

  CHECK(found_in({2, 1}, 2) == one_late);
  CHECK(found_in({1, 3, 4, 2}, 4) == one_late);
  CHECK(one_late.any());
}

TEST_CASE("a late message that comes again is both") {
  CHECK(found_in({2, 1, 1}, 2) == faults{.duplicated = 1, .reordered = 1});
}

TEST_CASE("a changed message is corrupt, and lost") {
  stream_checker x{sender};
  auto text = message(1);
  text.back() ^= 1;

  CHECK_FALSE(x.receive(text, 1));

  CHECK(x.received() == 0);
  CHECK(x.finish(1) == faults{.lost = 1, .corrupt = 1});
  CHECK(x.finish(1).any());
}

TEST_CASE("a message of somebody else is misplaced") {
  stream_checker x{sender};

  CHECK_FALSE(x.receive(make_body({sender + 1, 1, 0}, size), 1));

  CHECK(x.finish(0) == faults{.misplaced = 1});
  CHECK(x.finish(0).any());
}

TEST_CASE("a message under another sequence than its number is misplaced") {
  stream_checker x{sender};

  CHECK_FALSE(x.receive(message(2), 1));

  CHECK(x.finish(0) == faults{.misplaced = 1});
}

TEST_CASE("a message nobody has sent yet is misplaced") {
  CHECK(found_in({1, 2}, 1) == faults{.misplaced = 1});
}

TEST_CASE("a number far ahead is no gap to remember") {
  stream_checker x{sender};

  CHECK_FALSE(x.receive(message(1ULL << 40), 1ULL << 40));

  CHECK(x.finish(0) == faults{.misplaced = 1});
}

TEST_CASE("received counts each message once") {
  stream_checker x{sender};
  for (std::uint64_t n : {1, 4, 4, 2})
    x.receive(message(n), n);

  CHECK(x.received() == 3);
}

TEST_CASE("faults of any history add up to what was done to it") {
  rc::check([] {
    auto sent = *rc::gen::inRange<std::uint64_t>(1, 50);
    std::vector<std::uint64_t> numbers;
    faults expected;
    for (std::uint64_t n = 1; n <= sent; ++n) {
      auto copies = *rc::gen::inRange<std::uint64_t>(0, 3);
      expected.lost += copies == 0;
      expected.duplicated += copies == 2;
      numbers.insert(numbers.end(), copies, n);
    }

    RC_ASSERT(found_in(numbers, sent) == expected);
  });
}

} // namespace bench_checker_test
