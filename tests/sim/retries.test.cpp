// One message, sent again and again from everywhere at once.
#include "persistence/keys.hpp"
#include "tests/lines.hpp"
#include "tests/sim/cluster.hpp"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>

namespace retries_test {

using namespace iris;
using namespace iris::sim;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t devices = 8;
constexpr std::size_t copies = 100;

/// Three nodes, and eight devices of alice's, each at one of them.
struct eight_devices : sim_cluster {
  explicit eight_devices(std::uint64_t seed)
    : sim_cluster(seed, 3, profile::calm()) {
    here.run(5s);
    for (std::size_t i = 0; i < devices; ++i) {
      auto& at = *nodes[i % size()];
      clients.push_back(std::make_unique<raw_client>(here, at));
      clients.back()->log_in("alice", "device-" + std::to_string(i), {});
    }
    what.id = make_message_id(here.wall_now(), here.random());
    what.to = user("bob");
    what.body = "once";
  }

  void say_all() {
    for (std::size_t i = 0; i < copies; ++i)
      if (auto& x = *clients[i % devices]; !x.closed()) {
        x.send(what);
        ++asked[i % devices];
      }
  }

  /// Takes the answers that came. A refusal has to be one that passes.
  void look() {
    for (std::size_t i = 0; i < devices; ++i) {
      const auto& frames = clients[i]->frames();
      for (; looked_at[i] < frames.size(); ++looked_at[i]) {
        const auto& frame = frames[looked_at[i]];
        if (const auto* x = std::get_if<protocol::sent>(&frame)) {
          answers.push_back(*x);
          --asked[i];
        } else if (const auto* y = std::get_if<protocol::failed>(&frame)) {
          CAPTURE(y->text);
          CHECK(y->id == what.id);
          CHECK(retryable(y->code));
          --asked[i];
        }
      }
    }
  }

  bool settled() {
    look();
    for (std::size_t i = 0; i < devices; ++i)
      if (asked[i] > 0 && !clients[i]->closed())
        return false;
    return true;
  }

  sim_node& leader() {
    auto talk = direct_conversation(user("alice"), user("bob"));
    auto home =
      persistence::shard_of(actors::ref_of(talk), nodes.front()->shards());
    for (auto& x : nodes)
      if (x->running() && x->node().leader(home) == x->id())
        return *x;
    throw std::runtime_error("expected a leader");
  }

  /// There was one message, and all that was told of it is the same.
  void check_answers() {
    REQUIRE_FALSE(answers.empty());
    std::size_t firsts = 0;
    for (const auto& x : answers) {
      CHECK(x.id == what.id);
      CHECK(x.seq == sequence{1});
      CHECK(x.conversation == answers[0].conversation);
      CHECK(x.at == answers[0].at);
      firsts += !x.duplicate;
    }
    CHECK(firsts <= 1);
  }

  void check_inbox_of(const std::string& who, sim_node& at) {
    // Kept, for its connection outlives this call.
    readers.push_back(std::make_unique<raw_client>(here, at));
    auto& reader = *readers.back();
    reader.log_in(who, "device-0");
    reader.take<protocol::live>();
    std::vector<std::string> found;
    for (const auto& frame : reader.frames())
      if (const auto* page = std::get_if<protocol::items>(&frame))
        for (const auto& x : page->list)
          found.push_back(std::to_string(x.seq.value) + " " + x.body);
    CHECK(found == std::vector<std::string>{"1 once"});
    reader.disconnect();
  }

  std::vector<std::unique_ptr<raw_client>> clients, readers;
  protocol::send what;
  std::array<std::size_t, devices> asked{}, looked_at{};
  std::vector<protocol::sent> answers;
};

} // namespace

TEST_CASE("a hundred retries at once, at three nodes, are one message") {
  for (std::uint64_t seed = 31; seed <= 40; ++seed) {
    CAPTURE(seed);
    eight_devices a{seed};

    a.say_all();
    REQUIRE(a.here.run(10s, [&] { return a.settled(); }));

    CHECK(a.answers.size() == copies);
    a.check_answers();
    CHECK(std::count_if(a.answers.begin(), a.answers.end(),
                        [](const auto& x) { return !x.duplicate; })
          == 1);
    a.here.run(2s);
    for (auto& x : a.nodes)
      for (const auto* who : {"alice", "bob"})
        a.check_inbox_of(who, *x);
    // Those who read went away just now, which is stored, too; and leadership
    // goes where it is wanted.
    a.here.run(20s);
    CHECK(a.compare() == std::vector<std::string>{});
  }
}

TEST_CASE("a hundred retries are one message, whoever dies meanwhile") {
  std::size_t before = 0, later = 0;
  for (std::uint64_t seed = 41; seed <= 70; ++seed) {
    CAPTURE(seed);
    eight_devices a{seed};
    a.say_all();
    a.here.run(std::chrono::microseconds{a.here.random().below(4000)});
    auto& leader = a.leader();
    leader.crash();
    a.look();
    before += a.answers.size();
    REQUIRE(a.here.run(30s, [&] { return a.settled(); }));
    later += a.answers.size();

    // Who was told nothing, or to come again, does.
    REQUIRE(leader.start());
    a.here.run(5s);
    for (std::size_t i = 0; i < devices; ++i)
      if (a.clients[i]->closed()) {
        a.clients[i]->log_in("alice", "device-" + std::to_string(i), {});
        a.asked[i] = a.looked_at[i] = 0;
      }
    a.say_all();
    REQUIRE(a.here.run(30s, [&] { return a.settled(); }));

    CHECK(a.answers.size() >= copies);
    a.check_answers();
    a.here.run(5s);
    for (auto& x : a.nodes)
      for (const auto* who : {"alice", "bob"})
        a.check_inbox_of(who, *x);
    // Those who read went away just now, which is stored, too; and leadership
    // goes where it is wanted.
    a.here.run(20s);
    CHECK(a.compare() == std::vector<std::string>{});
  }
  MESSAGE(before, " answers before the leader died, ", later - before,
          " from the next one");
  CHECK(before > 0);
  CHECK(later > before);
}

} // namespace retries_test
