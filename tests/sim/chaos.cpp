#include "tests/sim/chaos.hpp"

#include "tests/sim/mischief.hpp"
#include "tests/sim/profile.hpp"

#include <algorithm>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// By then what was left to deliver is delivered after a start: before the
/// first sweep, which would do it too. Several nodes elect leaders first.
constexpr auto resumed_within = 4s;
constexpr auto elected_within = 6s;
/// By then others lead than who is heard no more.
constexpr auto deposed_within = 4s;

profile profile_of(const chaos_options& what) {
  profile out{what.seed};
  if (what.nodes < 3 || what.without.contains(trouble::membership))
    out.stay();
  return out;
}

class storm {
public:
  explicit storm(const chaos_options& options)
    : options_(options), profile_(profile_of(options)),
      cluster_(options.seed, options.nodes + profile_.spares, profile_,
               profile_.grows ? 1 : options.nodes, sim_cluster::others::wait),
      verdict_(here()), steward_(cluster_, profile_, verdict_),
      crowd_(here(), cluster_.all(), crowd_options(), verdict_),
      mischief_(cluster_, crowd_, steward_, profile_, options.without,
                verdict_) {
    here().listen(options.listen);
    here().trace(profile_.str());
    if (profile_.busy)
      verdict_.count("heavy traffic");
  }

  outcome run() {
    crowd_.start();
    // Who has never been there has no claim to what came before; and leaders
    // are not there at once.
    if (cluster_.size() > 1)
      here().run(10s, [this] { return crowd_.all_there(); });
    steward_.begin();
    auto end = here().steady_now() + options_.storm;
    while (here().steady_now() < end) {
      here().run(std::chrono::milliseconds{1 + here().random().below(150)});
      crowd_.act();
      if (here().random().chance(8))
        mischief_.strike();
    }
    mischief_.end();
    here().run(options_.calm);
    if (cluster_.all_run())
      steward_.settle();
    if (cluster_.all_run() && cluster_.in_use().size() > 1)
      crash_behind_an_election();
    if (cluster_.all_run())
      start_once_more();
    if (cluster_.all_run() && cluster_.in_use().size() > 1)
      ask_the_deposed();
    if (cluster_.all_run() && !profile_.small_queues)
      crash_behind_an_answer();
    if (cluster_.all_run() && profile_.small_queues) {
      crowd_in();
      ask_around();
    }
    judge();
    return std::move(verdict_.found);
  }

private:
  world& here() noexcept { return cluster_.here; }

  crowd::options crowd_options() const {
    return {options_.users, profile_.small_queues ? std::size_t{24} : 0,
            profile_.busy ? std::uint64_t{50} : 5, steward_.steady()};
  }

  /// The power fails when the first of all groups has a leader, who comes back
  /// later: nobody may have forgotten that it voted.
  void crash_behind_an_election() {
    crowd_.expect_quiet(true);
    mischief_.crash_all();
    if (!cluster_.all_run())
      return;
    auto before = cluster_.seen.elections();
    here().run(elected_within,
               [&] { return cluster_.seen.elections() > before; });
    mischief_.crash_all(cluster_.seen.newest_leader());
    here().run(elected_within);
  }

  /// All is well. Whoever is there comes back at once, and says much.
  void start_once_more() {
    crowd_.expect_quiet(true);
    mischief_.crash_all();
    if (!cluster_.all_run())
      return;
    if (profile_.small_queues)
      for (auto* x : cluster_.in_use())
        x->stall_disk(1s);
    for (std::size_t i = 0; i < crowd_.talkers() * 5; ++i)
      crowd_.send_to_user(crowd_.all()[i % crowd_.talkers()]);
    here().run(20s);
    for (auto& x : crowd_.all())
      if (x.client->core().state() != client::state::open)
        verdict_.problem("I9: " + x.label + " is "
                         + std::string{to_string(x.client->core().state())}
                         + ", expected open");
  }

  /// Whoever led and heard nothing for a while is asked when it wakes up: by
  /// then others lead, and more has been written. By its wall clock it may be
  /// as if no time had passed.
  void ask_the_deposed() {
    crowd_.expect_quiet(false);
    auto nodes = cluster_.in_use();
    auto& who = *nodes[here().random().below(nodes.size())];
    look_around();
    here().run(100ms);
    mischief_.cut_off(who, deposed_within);
    if (here().random().chance(50))
      mischief_.set_back(who, deposed_within);
    here().run(deposed_within - 800ms);
    crowd_.all_to_all(&who);
    crowd_.flush();
    here().run(600ms);
    look_around();
    here().run(1s);
    cluster_.network.heal();
    here().run(10s);
    steward_.settle();
    crowd_.expect_quiet(true);
  }

  void look_around() {
    for (auto& x : crowd_.all())
      crowd_.look(x);
  }

  /// The power fails when a message is acknowledged, before it can be in the
  /// other's inbox. Nobody says a word in its conversation any more.
  /// Not with small queues: a fan-out may find one full, and comes again much
  /// later.
  void crash_behind_an_answer() {
    auto before = crowd_.seen().acknowledged();
    for (int i = 0; crowd_.seen().acknowledged() == before && i < 10; ++i) {
      auto& who = crowd_.all().front();
      crowd_.send_to_user(who);
      who.client->flush();
      here().run(1s, [&] { return crowd_.seen().acknowledged() > before; });
    }
    mischief_.crash_all();
    here().run(resumed_within + more_time());
    crowd_.judge();
  }

  /// The threads get no time while everybody writes to everybody, twice: the
  /// first may find a mailbox full, and room the one that follows it.
  void crowd_in() {
    auto before = bounced();
    mischief_.stall_all(50ms);
    for (auto round = 0; round < 2; ++round)
      crowd_.all_to_all();
    crowd_.flush();
    here().run(30s);
    verdict_.count("message found a mailbox full", bounced() - before);
  }

  /// One message in each of a few conversations, while everybody asks about
  /// these: a mailbox may be full at any step that a message takes. Nobody may
  /// have to wait for another message.
  void ask_around() {
    auto before = bounced();
    for (std::size_t round = 0; round < crowd_.talkers(); ++round) {
      auto& from = crowd_.all()[round];
      here().trace("all ask about what " + from.label + " says");
      mischief_.stall_all(50ms);
      for (const auto& to : crowd_.users())
        crowd_.send(from, to);
      from.client->flush();
      for (auto& x : crowd_.all())
        crowd_.ask(x, from.client->user());
      here().run(15s);
      crowd_.judge();
    }
    verdict_.count("question found a mailbox full", bounced() - before);
  }

  std::size_t bounced() {
    std::size_t out = 0;
    for (auto* node : cluster_.in_use())
      node->metrics().mailbox_rejected.each(
        [&](std::string_view, const auto& x) { out += x.value(); });
    return out;
  }

  world::nanoseconds more_time() const {
    return cluster_.size() > 1 ? world::nanoseconds{elected_within} : 0s;
  }

  // -- the verdict ------------------------------------------------------------

  void judge() {
    crowd_.judge();
    crowd_.judge_devices();
    judge_stores();
    for (const auto& x : cluster_.seen.problems())
      verdict_.problem(x);
    verdict_.checked(6, cluster_.seen.compared());
    auto& out = verdict_.found;
    std::stable_sort(out.problems.begin(), out.problems.end(),
                     [](const auto& a, const auto& b) {
                       return invariant_of(a) < invariant_of(b);
                     });
    out.seed = options_.seed;
    out.trace_hash = here().trace_hash();
    out.virtual_time = here().steady_now();
    crowd_.count_checks();
    for (const auto& [what, times] : cluster_.network.faults())
      verdict_.count(what, times);
  }

  /// "I11: …" has 11.
  static int invariant_of(const std::string& problem) {
    return std::stoi(problem.substr(1));
  }

  void judge_stores() {
    for (auto& x : cluster_.nodes)
      if (x->running() && x->metrics().shard_copies.value() > 0)
        verdict_.count("shard copied", x->metrics().shard_copies.value());
    mischief_.crash_all();
    if (!cluster_.all_run())
      return verdict_.problem("I9: a node is down in the end, and nobody can "
                              "look into its store");
    steward_.settle();
    here().run(2s + more_time());
    for (auto* x : cluster_.in_use()) {
      auto about = "I11: node " + std::to_string(x->id().value) + ": ";
      auto checked = x->verify(
        [&](const std::string& what) { verdict_.problem(about + what); },
        cluster_.has_all(*x));
      if (!checked)
        verdict_.problem(about + to_string(checked.failure()));
      else
        verdict_.checked(11, checked->keys);
    }
    for (const auto& x : cluster_.compare())
      verdict_.problem(x);
  }

  const chaos_options options_;
  const profile profile_;
  sim_cluster cluster_;
  verdict verdict_;
  steward steward_;
  crowd crowd_;
  mischief mischief_;
};

} // namespace

outcome run_chaos(const chaos_options& options) {
  return storm{options}.run();
}

} // namespace iris::sim
