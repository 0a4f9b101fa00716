#include "cluster/shard.hpp"

#include "persistence/keys.hpp"
#include "tests/hand_executor.hpp"
#include "tests/sim/memory_disk.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace shard_test {

using namespace iris;
using namespace iris::persistence;
using namespace std::chrono_literals;
using iris::cluster::shard;
using iris::test::hand_executor;

namespace {

struct hand_clock final : clock {
  std::chrono::nanoseconds now{1};

  timestamp wall_now() const override { return {}; }
  std::chrono::nanoseconds steady_now() const override { return now; }
};

/// One shard with its stores; each of its threads moves when a test says so.
class replica {
public:
  explicit replica(sim::memory_disk& on)
    : disk(on), log(*log_store::open("/log", disk)),
      state(*state_store::open("/state", disk)), log_writer_(*log, log_thread),
      state_writer_(*state, state_thread, 1 << 30) {
    shard::events tell;
    tell.on_leading = [this] {
      led = true;
      it->lead();
    };
    tell.on_stopped = [this](const error& why) { stopped = why; };
    tell.on_committed = [this](std::chrono::nanoseconds x) {
      waited.push_back(x);
    };
    it = start({3}, std::move(tell));
  }

  /// A shard of the same node.
  std::unique_ptr<shard> start(shard_id id, shard::events tell) {
    shard::parts parts{id,   {1},     log_writer_, state_writer_, *state,
                       home, readers, time,        mail_,         {{1}}};
    auto out = std::make_unique<shard>(parts, std::move(tell));
    out->start({*log->load(id), *state->applied(id)});
    return out;
  }

  /// Until nobody has anything to do at once.
  void run_now() {
    while (home.run() || log_thread.run() || state_thread.run()
           || readers.run())
      continue;
  }

  /// Until nobody has anything to do.
  void run() {
    do
      run_now();
    while (state_thread.pass_time());
  }

  /// Until all that is staged is committed; nothing is applied.
  void commit() {
    while (home.run() || log_thread.run())
      continue;
  }

  static std::string key(const std::string& name) {
    return key_prefix({3}, {actor_kind::user, main_tenant, "a"}) + name;
  }

  void stage(const std::string& name, std::string value) {
    writes out;
    out.put(key(name), std::move(value));
    it->stage(out,
              {[this, name] { has += name; }, [this, name] { done += name; }});
  }

  std::string value(const std::string& name) const {
    return state->get(key(name))->value_or("nothing");
  }

  sim::memory_disk& disk;
  hand_executor home, log_thread, state_thread, readers;
  std::unique_ptr<log_store> log;
  std::unique_ptr<state_store> state;
  std::unique_ptr<shard> it;
  bool led = false;
  error stopped;
  std::string has; ///< the log
  std::string done;
  hand_clock time;
  std::vector<std::chrono::nanoseconds> waited;

private:
  log_writer log_writer_;
  state_writer state_writer_;
  cluster::shard_mail mail_{nullptr};
};

} // namespace

TEST_CASE("nobody is told of a write before it is durable") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();
  REQUIRE(a.led);

  a.stage("x", "1");
  a.home.run();
  CHECK(a.done.empty());
  a.log_thread.run();
  CHECK(a.done.empty());
  a.home.run();

  CHECK(a.done == "x");
  // Durable, though the state store has not seen it: the log has.
  CHECK(a.value("x") == "nothing");
  CHECK(a.log->load({3})->entries.size() == 3);
}

TEST_CASE("what is staged while an entry is in flight is the next one") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();
  auto before = a.log->load({3})->entries.size();

  a.stage("x", "1");
  a.home.run();
  a.stage("y", "2");
  a.stage("z", "3");
  a.run();

  CHECK(a.done == "xyz");
  CHECK(a.log->load({3})->entries.size() == before + 2);
  CHECK(a.value("z") == "3");
}

TEST_CASE("who waits is told when the log has it and when it is durable") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();

  a.stage("x", "1");
  a.stage("y", "2");
  CHECK(a.has.empty());
  a.home.run();
  CHECK(a.has == "xy");
  CHECK(a.done.empty());

  // Behind an entry in flight.
  a.stage("z", "3");
  a.home.run();
  CHECK(a.has == "xy");
  a.log_thread.run();
  a.home.run();
  CHECK(a.has == "xyz");
  CHECK(a.done == "xy");
  a.run();
  CHECK(a.done == "xyz");
}

namespace {

bool holds(log_store& log, shard_id where, std::string_view what) {
  auto found = log.load(where);
  REQUIRE(found);
  return std::any_of(found->entries.begin(), found->entries.end(),
                     [&](const log_entry& x) {
                       return x.payload->find(what) != std::string::npos;
                     });
}

/// A write of shard 3 that waits behind another, and one of shard 4 that it
/// causes once the log has it. The n-th call to the disk is the last; false if
/// there were not as many.
bool cause_and_effect(std::uint64_t n) {
  sim::memory_disk disk{n};
  replica a{disk};
  std::unique_ptr<shard> other;
  other = a.start({4}, {.on_leading = [&] { other->lead(); }});
  a.run();

  a.stage("x", "earlier");
  a.home.run();
  writes cause, effect;
  cause.put(replica::key("y"), "cause");
  effect.put(key_prefix({4}, {actor_kind::user, main_tenant, "a"}), "effect");
  a.it->stage(cause, {[&] { other->stage(effect, {{}, [] {}}); }, [] {}});
  disk.power_off_at(n);
  a.run();
  auto reached = disk.off();
  disk.crash();

  auto left = log_store::open("/log", disk);
  REQUIRE(left);
  CAPTURE(n);
  CHECK((holds(**left, {3}, "cause") || !holds(**left, {4}, "effect")));
  CHECK((reached || holds(**left, {4}, "effect")));
  return reached;
}

} // namespace

TEST_CASE("what is staged once the log has a write does not outlive it") {
  std::uint64_t n = 1;
  while (cause_and_effect(n))
    ++n;
  // Three batches of the log, each a write and a sync.
  CHECK(n > 6);
}

TEST_CASE("a commit tells how long its first write waited") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();
  REQUIRE(a.waited.empty());

  a.stage("x", "1");
  a.time.now += 5ns;
  a.stage("y", "2");
  a.home.run();
  a.stage("z", "3");
  a.time.now += 2ns;
  a.run();

  CHECK(a.waited == std::vector<std::chrono::nanoseconds>{7ns, 2ns});
  CHECK(a.it->lag() == 0);
}

TEST_CASE("an entry that was applied does not let a second one out") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();
  a.stage("x", "1");
  a.home.run();
  a.log_thread.run();
  a.home.run();
  a.stage("y", "2");
  a.home.run();
  auto before = a.log->load({3})->entries.size();

  a.stage("z", "3");
  a.state_thread.pass_time();
  a.state_thread.run();
  a.home.run();
  a.log_thread.run();

  CHECK(a.value("x") == "1");
  CHECK(a.log->load({3})->entries.size() == before + 1);
  a.run();
  CHECK(a.done == "xyz");
}

TEST_CASE("a read sees all that was committed when it was asked for") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();
  a.stage("x", "1");
  a.commit();
  std::string seen;

  a.it->read([&](const state_store& from) {
    seen = from.get(replica::key("x"))->value_or("nothing");
  });
  a.readers.run();
  CHECK(seen.empty());
  a.run();

  CHECK(seen == "1");
}

TEST_CASE("only who reads makes the state store hurry") {
  sim::memory_disk disk;
  replica a{disk};
  a.run_now();
  // What is to lead reads what was committed before.
  REQUIRE(a.led);
  std::string seen;
  auto read = [&](auto how) {
    (a.it.get()->*how)([&](const state_store& from) {
      seen = from.get(replica::key("x"))->value_or("nothing");
    });
    a.run_now();
    return std::exchange(seen, {});
  };

  a.stage("x", "1");
  a.run_now();
  CHECK(a.done == "x");
  CHECK(a.value("x") == "nothing");
  CHECK(read(&shard::read) == "1");
  a.stage("x", "2");
  CHECK(read(&shard::read_staged) == "2");
  a.stage("x", "3");
  a.run_now();
  CHECK(a.value("x") == "2");
  CHECK(a.it->lag() == 1);

  // Who comes after it begins with what it has committed.
  a.it->close();
  a.run_now();
  CHECK(a.value("x") == "3");
}

TEST_CASE("writers wait while the state store is behind, and lose nothing") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();
  const std::string big(shard::unapplied_bytes_max / 2, 'v');

  for (auto name : {"a", "b", "c", "d", "e", "f"}) {
    a.stage(name, big);
    a.commit();
  }

  // The entry that goes beyond the bound is the last one.
  CHECK(a.done == "ab");
  CHECK(a.it->pending_bytes() > 6 * big.size());
  a.state_thread.run();
  a.commit();
  CHECK(a.done == "abcdef");
  a.run();
  CHECK(a.it->pending_bytes() == 0);
  CHECK(a.value("f") == big);
}

TEST_CASE("a write that fails stops the shard, and answers nobody") {
  sim::memory_disk disk;
  replica a{disk};
  a.run();

  a.stage("x", "1");
  disk.fail_at(1);
  a.run();

  CHECK(a.stopped.code == errc::io_failed);
  CHECK_FALSE(a.it->leading());
  // Who has not heard of it yet goes on for a moment.
  auto pending = a.it->pending_bytes();
  a.stage("y", "2");
  a.run();
  CHECK(a.done.empty());
  CHECK(a.it->pending_bytes() == pending);
}

TEST_CASE("a shard that starts again applies what its log has") {
  sim::memory_disk disk;
  {
    replica a{disk};
    a.run();
    a.stage("x", "1");
    a.commit();
  }
  disk.crash();

  replica b{disk};
  CHECK(b.value("x") == "nothing");
  b.run();

  CHECK(b.led);
  CHECK(b.value("x") == "1");
  b.stage("y", "2");
  b.run();
  CHECK(b.value("y") == "2");
}

TEST_CASE("a state that is not of its log's moment is refused") {
  sim::memory_disk disk;
  {
    replica a{disk};
    a.run();
    a.stage("x", "1");
    a.run();
  }
  sim::memory_disk other;
  replica b{other};
  b.run();

  error stopped;
  log_writer writer{*b.log, b.log_thread};
  state_writer applier{*b.state, b.state_thread, 1 << 30};
  cluster::shard_mail mail{nullptr};
  shard c{{{3},
           {1},
           writer,
           applier,
           *b.state,
           b.home,
           b.readers,
           system_clock(),
           mail,
           {{1}}},
          {.on_stopped = [&](const error& why) { stopped = why; }}};
  c.start({*b.log->load({3}), {99, 1, 0}});
  b.run();

  CHECK(stopped.code == errc::corrupt);
}

} // namespace shard_test
