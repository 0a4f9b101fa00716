#include "tests/persistence/model.hpp"

#include <cstdlib>
#include <doctest/doctest.h>

namespace recovery_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

result<node_store> open(memory_disk& disk) {
  return node_store::open("/node", store_model::self(), disk,
                          store_model::options());
}

/// Work, a reopening, work: enough to roll every log over and to compact.
constexpr int calls_before = 60;
constexpr int calls_after = 25;

/// Runs the script until a call fails. False when opening did.
bool run_script(memory_disk& disk, store_model& model) {
  {
    auto store = open(disk);
    if (!store)
      return false;
    for (auto i = 0; i < calls_before; ++i)
      if (!model.work(*store))
        return true;
  }
  auto store = open(disk);
  if (!store)
    return false;
  for (auto i = 0; i < calls_after; ++i)
    if (!model.work(*store))
      return true;
  return true;
}

std::uint64_t count_calls(std::uint64_t seed) {
  memory_disk disk{seed};
  store_model model{seed};
  REQUIRE(run_script(disk, model));
  return disk.count();
}

/// Reopens the store and says what is wrong with it.
std::string check(memory_disk& disk, store_model& model) {
  auto store = open(disk);
  if (!store)
    return to_string(store.failure());
  return model.check(*store);
}

enum class ending { fault, late_fault, power_cut };

/// The script with its n-th call to the disk going wrong, then the end of the
/// process, or of the machine.
std::string run_with(ending what, std::uint64_t n, std::uint64_t seed,
                     bool crash) {
  // The same work each time, whatever the crash does.
  memory_disk disk{seed + n};
  store_model model{seed};
  if (what == ending::power_cut)
    disk.power_off_at(n);
  else
    disk.fail_at(n, what == ending::fault ? memory_disk::effect::none
                                          : memory_disk::effect::done);
  run_script(disk, model);
  if (crash)
    disk.crash();
  else
    disk.kill();
  auto wrong = check(disk, model);
  if (!wrong.empty())
    return wrong;
  // What was found must last.
  disk.crash();
  return check(disk, model);
}

void run_all(ending what, bool crash) {
  constexpr std::uint64_t seed = 3;
  auto calls = count_calls(seed);
  REQUIRE(calls > 500);
  auto wrong = 0;
  for (std::uint64_t n = 1; n <= calls && wrong < 5; ++n) {
    auto text = run_with(what, n, seed, crash);
    if (text.empty())
      continue;
    ++wrong;
    CAPTURE(n);
    FAIL_CHECK(text);
  }
}

} // namespace

TEST_CASE("whatever is acknowledged survives random work and crashes") {
  std::uint64_t first = 1;
  std::uint64_t runs = 150;
  if (auto* only = std::getenv("IRIS_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    runs = 1;
  }
  for (auto seed = first; seed < first + runs; ++seed) {
    memory_disk disk{seed};
    store_model model{seed};
    for (auto life = 0; life < 6; ++life) {
      CAPTURE(seed);
      CAPTURE(life);
      {
        auto store = open(disk);
        if (!store)
          MESSAGE(to_string(store.failure()));
        REQUIRE(store);
        REQUIRE(model.check(*store) == "");
        if (model.random().chance(70))
          disk.power_off_at(1 + model.random().below(400));
        for (auto i = model.random().below(60); i > 0; --i)
          if (!model.work(*store))
            break;
        if (model.random().chance(50))
          disk.crash(model.random()); // and the store after it
      }
      if (model.random().chance(80))
        disk.crash(model.random());
      else
        disk.kill();
    }
  }
}

TEST_CASE("wherever power is cut, nothing acknowledged is lost") {
  run_all(ending::power_cut, true);
}

TEST_CASE("whichever call fails, nothing acknowledged is lost in a crash") {
  run_all(ending::fault, true);
}

TEST_CASE("whichever call fails, nothing acknowledged is lost in a restart") {
  run_all(ending::fault, false);
}

TEST_CASE("whichever call fails when it is done, nothing is lost in a crash") {
  run_all(ending::late_fault, true);
}

TEST_CASE("whenever the disk is full, it is said, and nothing is lost") {
  constexpr std::uint64_t seed = 5;
  for (std::uint64_t room = 0; room < 400'000; room += 1733) {
    memory_disk disk{seed + room};
    store_model model{seed};
    CAPTURE(room);
    {
      auto store = open(disk);
      REQUIRE(store);
      disk.full_after(room);
      for (auto i = 0; i < calls_before; ++i)
        if (!model.work(*store)) {
          CHECK(model.failure().code == errc::storage_full);
          // Reading goes on.
          for (std::uint16_t shard = 0; shard < store_model::shards; ++shard) {
            CHECK(store->log->load({shard}));
            CHECK(store->state->applied({shard}));
          }
          break;
        }
    }
    disk.has_room();

    CHECK(check(disk, model) == "");
  }
}

TEST_CASE("the same seeds give the same files") {
  auto run = [] {
    memory_disk disk{11};
    store_model model{11};
    run_script(disk, model);
    disk.crash();
    CHECK(check(disk, model) == "");
    return disk.files();
  };

  CHECK(run() == run());
}

} // namespace recovery_test
