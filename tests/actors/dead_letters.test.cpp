#include "actors/dead_letters.hpp"

#include <doctest/doctest.h>

namespace dead_letters_test {

using namespace iris::actors;
using namespace iris::persistence;
using namespace std::chrono_literals;

namespace {

const actor_ref alice{actor_kind::user, main_tenant, "alice"};
const actor_ref bob{actor_kind::user, main_tenant, "bob"};
constexpr command_key send = 7;

struct fixture {
  dead_letters letters;
  dead_letters::time now = 1h;

  /// Whether the last of so many faults was one too many.
  bool fail(const actor_ref& who, command_key what, unsigned times) {
    auto out = false;
    while (times-- > 0)
      out = letters.failed(who, what, now);
    return out;
  }
  bool holds(const actor_ref& who, command_key what) const {
    return letters.holds(who, what, now);
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "a command that fails five times is held") {
  CHECK_FALSE(fail(alice, send, 4));
  CHECK_FALSE(holds(alice, send));
  CHECK(fail(alice, send, 1));

  CHECK(holds(alice, send));
  CHECK_FALSE(holds(alice, send + 1));
  CHECK_FALSE(holds(alice, no_command));
  CHECK_FALSE(holds(bob, send));
  // One that was under way.
  CHECK_FALSE(fail(alice, send, 1));
  CHECK(holds(alice, send));
}

TEST_CASE_FIXTURE(fixture, "what is held may be tried once in a while") {
  fail(alice, send, 5);

  now += 30s;
  CHECK(holds(alice, send));
  now += 1ns;
  CHECK_FALSE(holds(alice, send));
  CHECK_FALSE(fail(alice, send, 1));
  CHECK(holds(alice, send));
  now += 30s;
  CHECK(holds(alice, send));
}

TEST_CASE_FIXTURE(fixture, "faults that are long ago count no more") {
  fail(alice, send, 4);
  now += 1h;
  CHECK(fail(alice, send, 1));

  now += 1h + 1ns;
  CHECK_FALSE(fail(alice, send, 4));
  CHECK_FALSE(holds(alice, send));
  CHECK(fail(alice, send, 1));
}

TEST_CASE_FIXTURE(fixture, "only what is long ago is forgotten") {
  fail(alice, send, 4);
  now += 1h;
  letters.forget(now);
  CHECK(fail(alice, send, 1));

  now += 1h + 1ns;
  fail(bob, send, 4);
  letters.forget(now);
  CHECK(fail(bob, send, 1));
  CHECK_FALSE(fail(alice, send, 4));
}

} // namespace dead_letters_test
