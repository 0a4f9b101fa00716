#include "clients/cpp/id_source.hpp"

#include <doctest/doctest.h>

namespace id_source_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

TEST_CASE("ids of one millisecond grow") {
  id_source ids;
  random_source random{1};
  ids.set_clock({1'700'000'000'000}, 5s);

  auto last = ids.next(5s, random);
  for (int i = 0; i < 10'000; ++i) {
    auto id = ids.next(5s, random);
    CHECK(id > last);
    CHECK(is_uuid7(id));
    last = id;
  }
  CHECK(time_of(last).ms <= 1'700'000'000'001);
}

TEST_CASE("ids grow although the clock goes back a little") {
  id_source ids;
  random_source random{1};
  ids.set_clock({1'700'000'000'000}, 5s);
  auto before = ids.next(6s, random);

  ids.set_clock({1'700'000'000'000}, 6s);

  CHECK(ids.next(6s, random) > before);
}

TEST_CASE("a clock that was far ahead does not spoil later ids") {
  id_source ids;
  random_source random{1};
  ids.set_clock({1'800'000'000'000}, 5s);
  auto wrong = ids.next(5s, random);
  CHECK(time_of(wrong).ms == 1'800'000'000'000);

  ids.set_clock({1'700'000'000'000}, 5s);

  CHECK(time_of(ids.next(5s, random)).ms == 1'700'000'000'000);
}

} // namespace id_source_test
