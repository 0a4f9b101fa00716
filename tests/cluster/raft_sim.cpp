// Time, nodes and links.
#include "tests/cluster/raft_sim.hpp"

#include <algorithm>
#include <sstream>

namespace iris::test {

using namespace std::chrono_literals;
using namespace cluster::raft;
using kind = cluster::raft::message::kind;

raft_profile::raft_profile(random_source& random) {
  auto one_of = [&](auto... xs) {
    std::array all{xs...};
    return all[random.below(all.size())];
  };
  auto up_to = [&](unsigned percent) {
    return random.chance(30) ? 0U
                             : static_cast<unsigned>(random.below(percent + 1));
  };
  first_voters = one_of(1U, 1U, 2U, 3U, 5U);
  nodes = std::max<std::uint64_t>(first_voters, random.below(5) + 2);
  voters_max = std::min<std::uint64_t>(nodes, one_of(2U, 3U, 3U, 5U));
  options.election_timeout = one_of(150ms, 300ms);
  options.heartbeat = options.election_timeout / 6;
  options.install_timeout = one_of(500ms, 3000ms);
  options.inflight_entries_max = one_of(1U, 4U, 32U, 256U);
  options.append_bytes_max = one_of(16U, 200U, 1U << 20U);
  trailing = one_of(0U, 1U, 5U, 40U);
  cut_after = one_of(3U, 10U, 60U, 400U);
  forgets = random.chance(50);
  length = milliseconds{2000 + random.below(8000)};
  loss = up_to(15);
  doubled = up_to(10);
  late = up_to(5);
  stalls = up_to(1);
  crashes = up_to(50);
  write_crashes = up_to(10);
  pauses = up_to(25);
  partitions = up_to(50);
  delay = microseconds{200 + random.below(one_of(1000U, 10000U))};
  disk = microseconds{100 + random.below(one_of(1000U, 20000U, 400000U))};
  command_every = microseconds{2000 + random.below(30000)};
  change_every = microseconds{10000 + random.below(100000)};
}

raft_sim::raft_sim(std::uint64_t seed, bool strict)
  : random_(seed), profile_(random_) {
  judge_.strict = strict;
  configuration first;
  for (std::uint64_t i = 1; i <= profile_.first_voters; ++i)
    first.push_back({{i}});
  nodes_.resize(profile_.nodes);
  for (std::uint64_t i = 1; i <= profile_.nodes; ++i) {
    raft_replica::parts parts{{i},
                              profile_.options,
                              judge_,
                              {},
                              {},
                              profile_.trailing,
                              profile_.cut_after,
                              profile_.forgets};
    parts.send = [this, i](const message& x) { send({i}, x); };
    parts.fetch = [this, i](const message& x) { fetch(at({i}), x); };
    auto& x = at({i});
    x.replica = std::make_unique<raft_replica>(std::move(parts));
    if (i <= profile_.first_voters)
      x.replica->begin_with(first);
  }
  voters_wanted_ = profile_.voters_max;
}

void raft_sim::run() {
  for (auto& x : nodes_)
    after(some(50ms), [this, &x] { start(x); });
  after(200ms, [this] { clients(); });
  after(300ms, [this] { chaos(); });
  after(400ms, [this] { administrator(); });
  run_until(profile_.length);
  calm_down();
}

void raft_sim::after(nanoseconds delay, std::function<void()> what) {
  events_.push({now_ + delay, ++order_, std::move(what)});
}

void raft_sim::run_until(nanoseconds end) {
  while (!events_.empty() && events_.top().at <= end) {
    auto next = std::move(const_cast<event&>(events_.top()));
    events_.pop();
    now_ = next.at;
    next.what();
  }
  now_ = end;
}

/// Mostly less than `mean`, now and then much more.
raft_sim::nanoseconds raft_sim::some(nanoseconds mean) {
  auto most = static_cast<std::uint64_t>(mean.count()) + 1;
  auto out = random_.below(most);
  while (random_.chance(40))
    out += random_.below(most);
  return nanoseconds{out};
}

/// As its clock, which began with its process, tells.
raft_sim::nanoseconds raft_sim::local(const node& x) const {
  auto spent = static_cast<double>((now_ - x.started).count()) * x.rate;
  return 1s + nanoseconds{static_cast<std::int64_t>(spent)};
}

raft_sim::node& raft_sim::any() {
  return nodes_[random_.below(nodes_.size())];
}

raft_sim::node* raft_sim::leader() {
  node* out = nullptr;
  for (auto& x : nodes_)
    if (x.replica->leads()
        && (out == nullptr
            || x.replica->it().state().term > out->replica->it().state().term))
      out = &x;
  return out;
}

void raft_sim::start(node& x) {
  if (x.replica->up())
    return;
  end_of_life(x);
  x.replica->stop();
  x.started = now_;
  x.rate = 0.95 + 0.1 * static_cast<double>(random_.below(1000)) / 1000;
  x.replica->start(local(x), random_.next());
  moved(x);
}

/// What it does from now on is of another life.
void raft_sim::end_of_life(node& x) {
  ++x.life;
  x.writing = x.fetching = false;
  x.paused_until = 0ns;
  x.ticked = 0ns;
}

void raft_sim::crash(node& x) {
  x.replica->write_some(random_);
  end_of_life(x);
  x.replica->stop();
  ++done_["crash"];
}

void raft_sim::when_awake(node& x, std::function<void()> what) {
  if (now_ < x.paused_until)
    after(x.paused_until - now_,
          [this, &x, life = x.life, what = std::move(what)] {
            if (x.life == life)
              when_awake(x, what);
          });
  else
    what();
}

/// It took part in an event.
void raft_sim::moved(node& x) {
  auto leads = x.replica->leads();
  if (std::exchange(x.led, leads) != leads && leads && !calm_)
    // The first that a new leader does may be to change its group.
    if (random_.chance(20))
      after(some(profile_.delay), [this, &x] {
        if (!calm_ && x.replica->leads() && wild_change(x))
          moved(x);
      });
  set_timer(x);
  keep_writing(x);
}

void raft_sim::set_timer(node& x) {
  auto mine = ++x.timer;
  if (!x.replica->up())
    return;
  auto at = x.replica->it().deadline();
  if (at == nanoseconds::max())
    return;
  auto left = static_cast<double>((at - local(x)).count()) / x.rate;
  after(nanoseconds{std::max<std::int64_t>(0, std::int64_t(left) + 1)},
        [this, &x, life = x.life, mine] {
          if (x.life == life && x.timer == mine)
            when_awake(x, [this, &x, mine] {
              if (x.timer == mine)
                tick(x);
            });
        });
}

void raft_sim::tick(node& x) {
  x.ticks_at_once =
    std::exchange(x.ticked, now_) == now_ ? x.ticks_at_once + 1 : 0;
  if (x.ticks_at_once > 100)
    throw violation{"spinning timer",
                    "node " + std::to_string(x.replica->id().value)};
  x.replica->tick(local(x));
  moved(x);
}

void raft_sim::keep_writing(node& x) {
  if (x.writing || x.replica->writing() == 0)
    return;
  x.writing = true;
  auto delay = some(calm_ ? 500us : profile_.disk);
  if (!calm_ && random_.below(1000) < profile_.stalls)
    delay += some(1s);
  after(delay, [this, &x, life = x.life] {
    if (x.life != life)
      return;
    if (!calm_ && random_.below(100) < profile_.write_crashes)
      return fall(x);
    when_awake(x, [this, &x] {
      x.writing = false;
      x.replica->write(local(x));
      moved(x);
    });
  });
}

void raft_sim::send(node_id from, message what) {
  auto to = std::exchange(what.peer, from);
  auto bytes_lost = !calm_ && random_.below(100) < profile_.loss;
  if (bytes_lost || cut_[from.value][to.value] > 0) {
    ++done_["message lost"];
    return;
  }
  auto copies = !calm_ && random_.below(100) < profile_.doubled ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    auto delay = 50us + some(calm_ ? 300us : profile_.delay);
    if (!calm_ && random_.below(100) < profile_.late)
      delay += some(profile_.options.election_timeout * 3);
    after(delay, [this, from, to, what] { deliver(from, to, what); });
  }
}

void raft_sim::deliver(node_id from, node_id to, const message& what) {
  auto& x = at(to);
  if (!x.replica->up() || cut_[from.value][to.value] > 0)
    return;
  when_awake(x, [this, &x, what] {
    if (!x.replica->up())
      return;
    x.replica->receive(local(x), what);
    moved(x);
  });
}

/// Its core is gone; it asks whoever told it, for as long as it likes.
void raft_sim::fetch(node& x, const message& why) {
  ++done_["install"];
  auto& from = at(why.peer);
  auto life = ++x.life;
  x.writing = false;
  x.fetching = true;
  auto again = [this, &x, life, &from, at_least = why.floor.index] {
    if (x.life == life)
      fetched(x, from, at_least);
  };
  after(some(random_.chance(50) || calm_ ? 10ms : 500ms), again);
}

void raft_sim::fetched(node& x, node& from, std::uint64_t at_least) {
  end_of_life(x);
  x.started = now_;
  auto cut = cut_[from.replica->id().value][x.replica->id().value] > 0;
  if (!cut && from.replica->up()
      && from.replica->state().at.index >= at_least) {
    ++done_["state fetched"];
    x.replica->install(local(x), from.replica->state(), random_.next(),
                       calm_ || random_.chance(80));
  } else {
    x.replica->install(local(x), {}, random_.next(), true);
  }
  moved(x);
}

std::string raft_sim::describe() const {
  std::ostringstream out;
  for (const auto& x : nodes_) {
    out << "node " << x.replica->id().value;
    if (!x.replica->up()) {
      out << " is down\n";
      continue;
    }
    const auto& it = x.replica->it();
    out << (it.role() == role::leader      ? " leads"
            : it.role() == role::candidate ? " is a candidate in"
                                           : " follows in")
        << " term " << it.state().term << ", log " << it.first_index() << ".."
        << it.last_index() << ", committed " << it.commit_index() << ", writes "
        << x.replica->writing() << ", servers";
    for (const auto& y : it.servers())
      out << ' ' << y.id.value
          << (y.role == server_role::voter     ? ""
              : y.role == server_role::standby ? " (standby)"
                                               : " (spare)");
    out << '\n';
  }
  return out.str();
}

} // namespace iris::test
