#include "persistence/state_writer.hpp"

#include "persistence/keys.hpp"
#include "persistence/writes.hpp"
#include "tests/hand_executor.hpp"
#include "tests/sim/memory_disk.hpp"

#include <doctest/doctest.h>

namespace state_writer_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;
using iris::test::hand_executor;

namespace {

struct fixture {
  memory_disk disk;
  std::unique_ptr<state_store> store = *state_store::open("/state", disk);
  hand_executor thread;
  hand_executor home;
  state_writer writer{*store, thread, 1 << 30};
  std::uint64_t last = 0;
  std::string done;

  static std::string key(char name) {
    return key_prefix({1}, {actor_kind::user, main_tenant, "a"}) + name;
  }

  /// As the next entry.
  void submit(char name, std::string value) {
    writes what;
    what.put(key(name), std::move(value));
    writer.submit({{1}, ++last, 1, std::make_shared<std::string>(what.take())},
                  home, [this, name](const result<state_writer::outcome>& x) {
                    done += name;
                    done += x ? std::to_string(x->index) : "-";
                  });
  }

  std::string value(char name) const {
    return store->get(key(name))->value_or("nothing");
  }
};

} // namespace

TEST_CASE_FIXTURE(fixture, "who looks sees what its entry left, and no more") {
  std::string seen;
  auto look_at = [&](char name) {
    writes what;
    what.put(key(name), "looked");
    state_writer::entry entry{
      {1}, ++last, 1, std::make_shared<std::string>(what.take())};
    entry.look = [&](result<std::unique_ptr<shard_image>> image) {
      REQUIRE(image);
      CHECK((*image)->applied().index == 2);
      auto records = (*image)->read("", 1000);
      REQUIRE(records);
      for (const auto& x : *records)
        seen += x.key.back();
    };
    writer.submit(std::move(entry), home, [](const auto& x) { REQUIRE(x); });
  };

  submit('x', "1");
  look_at('y');
  submit('z', "3");
  writer.hurry();
  thread.run();
  home.run();

  CHECK(seen == "xy");
  CHECK(done == "x1z3");
  CHECK(value('z') == "3");
}

TEST_CASE_FIXTURE(fixture, "entries that come within a window are one batch") {
  auto writes_of = [&](auto work) {
    auto before = disk.count(sim::io::write);
    work();
    CHECK(thread.tasks.empty());
    CHECK(thread.timed.size() == 1);
    thread.pass_time();
    thread.run();
    return disk.count(sim::io::write) - before;
  };

  auto one = writes_of([&] { submit('x', "1"); });
  auto three = writes_of([&] {
    submit('x', "2");
    submit('y', "3");
    submit('x', "4");
  });

  CHECK(three == one);
  CHECK(done.empty());
  home.run();
  CHECK(done == "x1x2y3x4");
  CHECK(value('x') == "4");
  CHECK(value('y') == "3");
}

TEST_CASE_FIXTURE(fixture, "who wants to read need not wait for the window") {
  writer.hurry();
  CHECK(thread.tasks.empty());

  submit('x', "1");
  writer.hurry();
  writer.hurry();
  CHECK(thread.tasks.size() == 1);
  thread.run();
  CHECK(value('x') == "1");

  // What comes now waits for the window that is open, and no longer.
  submit('y', "2");
  CHECK(thread.timed.size() == 1);
  thread.pass_time();
  thread.run();
  CHECK(value('y') == "2");
  home.run();
  CHECK(done == "x1y2");
}

TEST_CASE_FIXTURE(fixture, "much is applied at once") {
  const std::string half(128 * 1024, 'v');

  submit('x', half);
  CHECK(thread.tasks.empty());
  submit('y', half);
  CHECK(thread.tasks.size() == 1);
  thread.run();

  CHECK(value('x') == half);
  CHECK(value('y') == half);
}

TEST_CASE_FIXTURE(fixture, "a batch that fails fails all that is in it") {
  submit('x', "1");
  submit('y', "2");
  disk.fail_at(1);
  thread.pass_time();
  thread.run();
  home.run();

  CHECK(done == "x-y-");
  CHECK(value('x') == "nothing");
}

} // namespace state_writer_test
