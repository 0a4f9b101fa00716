#include "actors/attachment.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <vector>

namespace attachment_test {

using namespace iris;
using namespace iris::actors;
using namespace std::chrono_literals;
using step = attachment::step;

namespace {

constexpr std::chrono::nanoseconds start = 1h;

/// Opened, then lost at `start`.
attachment lost_one() {
  attachment out{7};
  out.opening(start - 1min);
  out.opened();
  out.failed(start, 0);
  return out;
}

} // namespace

TEST_CASE("an inbox that is open is left alone") {
  attachment it{7};
  CHECK(it.next_deadline() == std::chrono::nanoseconds::max());
  CHECK_FALSE(it.is_open());

  it.opening(start);
  CHECK_FALSE(it.is_open());
  it.opened();

  CHECK(it.is_open());
  CHECK(it.next_deadline() == std::chrono::nanoseconds::max());
  CHECK(it.due(start + 1h) == step::none);
}

TEST_CASE("a lost inbox is opened again after a short pause") {
  auto it = lost_one();
  CHECK_FALSE(it.is_open());
  auto at = it.next_deadline();
  CHECK(at >= start + 25ms);
  CHECK(at <= start + 75ms);
  // What is told twice changes nothing.
  it.failed(start + 1ms, 1000);
  CHECK(it.next_deadline() == at);

  CHECK(it.due(at - 1ns) == step::none);
  CHECK(it.due(at) == step::open);
  it.opening(at);
  it.opened();

  CHECK(it.is_open());
}

TEST_CASE("pauses grow up to 400 ms and differ between connections") {
  auto pauses_of = [](std::uint64_t salt) {
    attachment it{salt};
    std::vector<std::chrono::nanoseconds> out;
    auto now = start;
    it.opening(now);
    for (int i = 0; i < 12; ++i) {
      it.failed(now, 100);
      out.push_back(it.next_deadline() - now);
      now = it.next_deadline();
      CHECK(it.due(now) == step::open);
      it.opening(now);
    }
    return out;
  };
  auto one = pauses_of(1), other = pauses_of(2);

  CHECK(one != other);
  CHECK(one == pauses_of(1));
  for (std::size_t i = 0; i < one.size(); ++i) {
    auto base = std::min<std::chrono::milliseconds>(100ms * (1 << i), 400ms);
    CHECK(one[i] >= base / 2);
    CHECK(one[i] < base + base / 2);
  }
}

TEST_CASE("an answer that does not come is a refusal") {
  auto it = lost_one();
  auto at = it.next_deadline();
  it.opening(at);
  CHECK(it.next_deadline() == at + attachment::answer_timeout);

  CHECK(it.due(at + attachment::answer_timeout) == step::none);

  CHECK(it.due(it.next_deadline()) == step::open);
}

TEST_CASE("an inbox that nobody keeps is given up in time") {
  auto it = lost_one();
  auto now = start;
  auto what = step::none;
  for (int i = 0; i < 100 && what != step::give_up; ++i) {
    REQUIRE(it.next_deadline() > now);
    now = it.next_deadline();
    what = it.due(now);
    if (what == step::open) {
      it.opening(now);
      it.failed(now, 0);
    }
  }

  CHECK(what == step::give_up);
  CHECK(now == start + attachment::patience);
  CHECK(it.due(now + 1h) == step::none);
  it.failed(now, 0);
  CHECK(it.next_deadline() == std::chrono::nanoseconds::max());
}

TEST_CASE("the patience begins anew once an inbox was open") {
  auto it = lost_one();
  it.opening(start + 29s);
  it.opened();

  it.failed(start + 29s, 0);

  CHECK(it.due(start + 31s) == step::open);
}

TEST_CASE("only what may get better is waited for") {
  attachment first{7};
  CHECK(first.worth_waiting({errc::not_leader, ""}));
  CHECK(first.worth_waiting({errc::unavailable, ""}));
  CHECK_FALSE(first.worth_waiting({errc::overloaded, ""}));
  CHECK_FALSE(first.worth_waiting({errc::too_many_devices, ""}));

  auto later = lost_one();
  CHECK(later.worth_waiting({errc::overloaded, ""}));
  CHECK_FALSE(later.worth_waiting({errc::replaced, ""}));
}

} // namespace attachment_test
