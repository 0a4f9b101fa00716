#include "tests/sim/moving_group.hpp"

#include <algorithm>

namespace iris::sim {

using namespace std::chrono_literals;
using cluster::placement;
using cluster::raft::configuration;
namespace raft = cluster::raft;

namespace {

std::string value(std::uint64_t n) {
  return "value " + std::to_string(n);
}

std::string text(const configuration& what) {
  std::string out;
  for (const auto& x : what)
    out += (x.role == cluster::raft::server_role::voter ? " " : " +")
           + std::to_string(x.id.value);
  return out;
}

} // namespace

moving_group::moving_group(std::uint64_t seed, std::size_t nodes,
                           std::size_t founders, member::options with)
  : here_(seed) {
  for (std::uint64_t i = 1; i <= nodes; ++i)
    ids_.push_back({i});
  with.voters.assign(ids_.begin(),
                     ids_.begin() + static_cast<std::ptrdiff_t>(founders));
  wanted_.voters = with.voters;
  with.on_servers = [this](const cluster::group_servers& x) { note(x); };
  for (auto id : ids_)
    all_.push_back(std::make_unique<member>(here_, board_, id, with));
}

void moving_group::start() {
  place(wanted_);
  for (auto& x : all_)
    x->start();
}

member* moving_group::leader() {
  for (auto& x : all_)
    if (x->running() && x->shard().leading())
      return x.get();
  return nullptr;
}

void moving_group::place(const placement& wanted) {
  wanted_ = wanted;
  for (auto id : ids_)
    place(wanted, id);
}

void moving_group::place(const placement& wanted, node_id told) {
  sizes_[wanted.revision] = wanted.voters.size();
  at(told.value).place(wanted);
}

void moving_group::put() {
  for (auto& x : all_)
    if (x->running() && x->shard().leading()) {
      auto n = next_++;
      x->put(n, value(n), [this, n] { acked_.insert(n); });
    }
}

const cluster::group_servers& moving_group::committed() const {
  static const cluster::group_servers none;
  return servers_.empty() ? none : servers_.rbegin()->second;
}

void moving_group::note(const cluster::group_servers& what) {
  auto [known, first] = servers_.try_emplace(what.index, what);
  if (first) {
    check_voters(known);
    check_voters(std::next(known));
  }
  if (!first && known->second != what)
    problems_.push_back(
      "two configurations are committed as entry " + std::to_string(what.index)
      + ":" + text(known->second.servers) + " and" + text(what.servers));
  auto older = [](const auto& x, const auto& y) {
    return x.second.revision < y.second.revision;
  };
  if (!std::is_sorted(servers_.begin(), servers_.end(), older))
    problems_.push_back("entry " + std::to_string(what.index)
                        + " follows an older placement than one before it");
}

/// A vote goes only when there are more than are wanted. That of a change that
/// nobody told may have gone by any placement since the one before.
void moving_group::check_voters(history::const_iterator at) {
  if (at == servers_.end() || at == servers_.begin())
    return;
  const auto& before = std::prev(at)->second;
  const auto& after = at->second;
  if (after.revision < before.revision)
    return; // Which is a problem of its own.
  auto least = raft::voters(before.servers);
  for (auto i = sizes_.lower_bound(before.revision);
       i != sizes_.upper_bound(after.revision); ++i)
    least = std::min(least, i->second);
  if (raft::voters(after.servers) < least)
    problems_.push_back("entry " + std::to_string(at->first)
                        + " leaves too few voters:" + text(after.servers)
                        + " after" + text(before.servers));
}

void moving_group::look() {
  for (auto& x : all_)
    if (x->running())
      if (auto upto = x->state().applied(member::group))
        ledger_.applied(x->id(), member::group, *upto);
}

bool moving_group::run(std::chrono::nanoseconds duration,
                       const std::function<bool()>& done) {
  const auto end = here_.steady_now() + duration;
  while (here_.steady_now() < end) {
    auto part =
      std::min<std::chrono::nanoseconds>(50ms, end - here_.steady_now());
    if (here_.run(part, done) && done)
      return true;
    look();
  }
  return !done || done();
}

bool moving_group::settled() {
  auto* first = leader();
  if (first == nullptr || first->id() != wanted_.voters.front()
      || first->shard().lag() > 0)
    return false;
  auto expected = wanted_.voters;
  std::sort(expected.begin(), expected.end());
  std::vector<node_id> voters;
  for (const auto& x : servers())
    if (x.role == cluster::raft::server_role::voter)
      voters.push_back(x.id);
  return voters == expected
         && servers().size() == expected.size() + wanted_.learners.size()
         && std::all_of(servers().begin(), servers().end(), [&](const auto& x) {
              auto& one = at(x.id.value);
              return one.running() && !one.stopped()
                     && one.applied() == first->applied();
            });
}

void moving_group::settle() {
  auto before = acked();
  auto written = [&] {
    if (acked() == before)
      put();
    return run(1s, [&] { return acked() > before; });
  };
  if (!run(120s, [this] { return settled(); }))
    problems_.push_back("the group does not get where it is wanted: it is at"
                        + text(servers()));
  else if (!written() && !written())
    problems_.emplace_back("nothing is acknowledged");
  else if (!run(60s, [this] { return settled(); }))
    problems_.emplace_back("replicas do not come to the same");
  look();
  replicas stores;
  for (const auto& x : servers())
    if (auto& one = at(x.id.value); one.running())
      stores.emplace(x.id, &one.state());
  for (auto& x : compare_replicas(member::group, stores))
    problems_.push_back(std::move(x));
  auto* first = leader();
  if (first == nullptr)
    return;
  auto contents = first->contents();
  for (auto n : acked_)
    if (auto found = contents.find(std::to_string(n));
        found == contents.end() || found->second != value(n))
      problems_.push_back("acknowledged and lost: " + value(n));
}

const std::vector<std::string>& moving_group::problems() {
  for (const auto& x : ledger_.problems())
    if (std::find(problems_.begin(), problems_.end(), x) == problems_.end())
      problems_.push_back(x);
  return problems_;
}

namespace {

class storm {
public:
  storm(std::uint64_t seed, storm_counts& counts)
    : random_(seed), counts_(counts), nodes_(3 + random_.below(3)),
      founders_(random_.chance(50) ? 1 : 3),
      group_(seed, nodes_, founders_, options()), down_(nodes_) {
    group_.board().set({percent(), percent(), percent(),
                        static_cast<unsigned>(random_.below(5))});
  }

  std::string run() {
    group_.start();
    group_.run(1s);
    for (int i = 0; i < 150; ++i) {
      group_.run(std::chrono::milliseconds{random_.below(150)});
      turn();
      start_again();
    }
    return calm_down();
  }

private:
  unsigned percent() { return static_cast<unsigned>(random_.below(20)); }

  member::options options() {
    member::options out;
    out.rest = 2s;
    if (random_.chance(50)) {
      out.log_bytes_max = 400;
      out.trailing_bytes = 50;
    }
    return out;
  }

  void turn() {
    auto what = random_.below(100);
    auto& one = group_.at(1 + random_.below(nodes_));
    if (what < 60)
      group_.put();
    else if (what < 70)
      trouble(one);
    else if (what < 73)
      group_.board().split(static_cast<partition>(random_.below(partitions)),
                           group_.ids());
    else if (what < 80)
      group_.board().heal();
    else if (what < 90)
      move();
    else if (what < 93 && one.running())
      one.shard().hand_over();
  }

  /// On other nodes, or on fewer or more of them.
  placement elsewhere() {
    auto all = group_.ids();
    placement to;
    to.revision = ++revision_;
    auto voters = random_.chance(40) ? 1 : random_.chance(30) ? 2 : 3;
    for (int i = 0; i < voters; ++i) {
      auto at =
        all.begin() + static_cast<std::ptrdiff_t>(random_.below(all.size()));
      to.voters.push_back(*at);
      all.erase(at);
    }
    if (!all.empty() && random_.chance(20))
      to.learners.push_back(all.front());
    to.dropped = all;
    ++counts_["placement"];
    return to;
  }

  /// Some hear of it later: with the next one.
  void move() {
    auto to = elsewhere();
    if (random_.chance(80))
      return group_.place(to);
    for (auto id : group_.ids())
      if (random_.chance(50))
        group_.place(to, id);
  }

  void trouble(member& one) {
    if (!one.running())
      return;
    auto how = random_.below(4);
    ++counts_[how == 0   ? "disk fault"
              : how == 1 ? "power cut within a call"
                         : "crash"];
    if (how == 0)
      one.disk().fail_at(1 + random_.below(20));
    else if (how == 1)
      one.disk().power_off_at(1 + random_.below(20));
    else
      fall(one);
  }

  void fall(member& one) {
    one.crash();
    down_[one.id().value - 1] = 1 + random_.below(15);
  }

  /// Who has stopped is noticed, and after a while started.
  void start_again() {
    for (std::size_t i = 0; i < nodes_; ++i) {
      auto& one = group_.at(i + 1);
      if (one.running() && (one.stopped() || one.disk().off()))
        fall(one);
      else if (!one.running() && --down_[i] == 0)
        one.start();
    }
  }

  std::string calm_down() {
    group_.board().heal();
    group_.board().set({});
    for (auto id : group_.ids()) {
      auto& one = group_.at(id.value);
      if (one.running())
        one.crash(); // A fault may still be planned.
      one.start();
    }
    group_.place(elsewhere());
    group_.settle();
    counts_["change of the group"] += group_.changes();
    counts_["acknowledged"] += group_.acked();
    for (auto id : group_.ids())
      counts_["copy"] += static_cast<std::size_t>(group_.at(id.value).copies());
    std::string out;
    for (const auto& x : group_.problems())
      out += x + '\n';
    return out;
  }

  random_source random_;
  storm_counts& counts_;
  const std::size_t nodes_;
  const std::size_t founders_;
  moving_group group_;
  std::vector<std::uint64_t> down_;
  std::uint64_t revision_ = 0;
};

} // namespace

std::string move_in_a_storm(std::uint64_t seed, storm_counts& counts) {
  return storm{seed, counts}.run();
}

} // namespace iris::sim
