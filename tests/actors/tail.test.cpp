#include "actors/tail.hpp"

#include "tests/actors/support.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <map>

namespace tail_test {

using namespace iris::actors;
using iris::actors::test::bytes_of;

namespace {

std::vector<std::string> texts(const std::vector<item_bytes>& from) {
  std::vector<std::string> out;
  out.reserve(from.size());
  for (const auto& x : from)
    out.push_back(*x);
  return out;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("an empty tail covers nothing") {
  tail log{100};

  CHECK(log.last() == 0);
  for (std::uint64_t i : {0, 1, 2})
    CHECK_FALSE(log.covers(i));
}

TEST_CASE("a tail starts behind what the log holds already") {
  tail log{100};
  log.append(bytes_of("forgotten"));
  log.restart(41);

  log.append(bytes_of("a"));

  CHECK(log.last() == 42);
  CHECK_FALSE(log.covers(41));
  CHECK(log.covers(42));
  CHECK_FALSE(log.covers(43));
}

TEST_CASE("a tail drops its oldest entries beyond its bytes") {
  tail log{6};
  for (auto text : {"aa", "bb", "cc"})
    log.append(bytes_of(text));
  CHECK(log.covers(1));

  log.append(bytes_of("d"));

  CHECK_FALSE(log.covers(1));
  CHECK(texts(log.collect(2, 4, 100)) == lines{"bb", "cc", "d"});
}

TEST_CASE("a tail keeps its newest entry, however large") {
  tail log{4};
  log.append(bytes_of("a"));

  log.append(bytes_of("larger than all"));

  CHECK_FALSE(log.covers(1));
  CHECK(texts(log.collect(2, 2, 0)) == lines{"larger than all"});
}

TEST_CASE("a collection ends where its bytes do, after one entry at least") {
  tail log{100};
  for (auto text : {"aaa", "bb", "c"})
    log.append(bytes_of(text));

  CHECK(texts(log.collect(1, 3, 0)) == lines{"aaa"});
  CHECK(texts(log.collect(1, 3, 4)) == lines{"aaa"});
  CHECK(texts(log.collect(1, 3, 5)) == lines{"aaa", "bb"});
  CHECK(texts(log.collect(1, 3, 6)) == lines{"aaa", "bb", "c"});
  CHECK(texts(log.collect(2, 2, 100)) == lines{"bb"});
  CHECK(texts(log.collect(2, 99, 100)) == lines{"bb", "c"});
}

TEST_CASE("collecting what a tail does not cover is a broken invariant") {
  tail log{100};
  log.append(bytes_of("a"));

  CHECK_THROWS_AS(log.collect(2, 2, 1), iris::invariant_broken);
  CHECK_THROWS_AS(log.collect(1, 0, 1), iris::invariant_broken);
}

TEST_CASE("a tail gives what was appended, within its bytes") {
  CHECK(rc::check([](const std::vector<std::string>& appended,
                     std::uint8_t start, std::uint8_t bytes_max) {
    tail log{bytes_max};
    log.restart(start);
    std::map<std::uint64_t, std::string> model;
    for (const auto& x : appended) {
      log.append(bytes_of(x));
      model[start + model.size() + 1] = x;
    }

    std::size_t kept_bytes = 0;
    std::size_t kept = 0;
    for (const auto& [position, text] : model) {
      if (!log.covers(position)) {
        RC_ASSERT(kept == 0U); // What is kept is one piece, at the end.
        continue;
      }
      ++kept;
      kept_bytes += text.size();
      RC_ASSERT(*log.collect(position, position, 0).front() == text);
    }
    RC_ASSERT(log.last() == start + model.size());
    RC_ASSERT(kept_bytes <= bytes_max || kept == 1U);
    RC_ASSERT(model.empty() || kept > 0U);
  }));
}

} // namespace tail_test
