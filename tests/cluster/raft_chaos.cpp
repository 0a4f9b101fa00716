// Who uses and who troubles the group, and what has to hold once all is calm.
#include "tests/cluster/raft_sim.hpp"

#include <algorithm>

namespace iris::test {

using namespace std::chrono_literals;
using namespace cluster::raft;

void raft_sim::clients() {
  if (calm_)
    return;
  after(1us + some(profile_.command_every), [this] { clients(); });
  auto* x = random_.chance(50) ? leader() : &any();
  if (x == nullptr || !x->replica->leads() || now_ < x->paused_until)
    return;
  auto n = random_.chance(70) ? 1 : 1 + random_.below(10);
  for (std::uint64_t i = 0; i < n && x->replica->leads(); ++i)
    x->replica->submit(local(*x), std::to_string(++commands_));
  moved(*x);
}

void raft_sim::administrator() {
  if (calm_)
    return;
  after(2ms + some(profile_.change_every), [this] { administrator(); });
  auto* x = random_.chance(80) ? leader() : &any();
  if (x == nullptr || !x->replica->leads() || now_ < x->paused_until)
    return;
  administer(*x);
  moved(*x);
}

void raft_sim::administer(node& x) {
  auto servers = x.replica->it().servers();
  if (random_.chance(10)) {
    auto to = random_.chance(20) ? node_id{0}
                                 : servers[random_.below(servers.size())].id;
    if (x.replica->transfer(local(x), to))
      ++done_["transfer"];
  } else if (random_.chance(10) ? wild_change(x) : steer(x)) {
    ++done_["change"];
    if (!random_.chance(20))
      return;
    // It is now that a group is most easily hurt.
    after(some(profile_.disk), [this, &x, life = x.life] {
      if (x.life == life && x.replica->up() && !calm_)
        fall(x);
    });
  }
}

/// Whatever comes to mind; much of it has to be refused.
bool raft_sim::wild_change(node& x) {
  const auto before = x.replica->it().servers();
  auto next = before;
  for (auto n = 1 + random_.below(4) / 3; n > 0; --n) {
    node_id who{1 + random_.below(nodes_.size())};
    auto role = static_cast<server_role>(random_.below(3));
    auto found = std::find_if(next.begin(), next.end(),
                              [&](const server& y) { return y.id == who; });
    if (found == next.end())
      next.insert(std::find_if(next.begin(), next.end(),
                               [&](const server& y) { return y.id > who; }),
                  {who, role});
    else if (random_.chance(50))
      next.erase(found);
    else
      found->role = role;
  }
  auto out = x.replica->change(local(x), next);
  if (out)
    check_promotions(x, before);
  return out;
}

/// Whoever votes from now on has had most of the log.
void raft_sim::check_promotions(const node& x,
                                const configuration& before) const {
  for (const auto& y : x.replica->it().servers())
    if (y.role == server_role::voter && !votes(before, y.id)
        && nodes_[y.id.value - 1].replica->disk().state.term == 0)
      throw violation{"promotion of an empty log",
                      "node " + std::to_string(y.id.value)};
}

/// To as many voters as are wanted; then to another number.
bool raft_sim::steer(node& x) {
  auto now = x.replica->it().servers();
  auto has = voters(now);
  if (has == voters_wanted_) {
    if (random_.chance(30))
      return false;
    ++done_[has == 1 ? "at one voter" : "at its voters"];
    voters_wanted_ = has == 1 ? profile_.voters_max
                     : random_.chance(70)
                       ? 1
                       : 1 + random_.below(profile_.voters_max);
  }
  return has < voters_wanted_   ? grow(x, now)
         : has > voters_wanted_ ? shrink(x, now)
                                : false;
}

bool raft_sim::grow(node& x, configuration now) {
  for (auto& y : now) {
    if (y.role == server_role::voter)
      continue;
    if (x.replica->it().caught_up(y.id)) {
      y.role = server_role::voter;
      return x.replica->change(local(x), now);
    }
    if (x.replica->catch_up(local(x), y.id))
      ++done_["catch-up"];
    return false;
  }
  for (const auto& y : nodes_) {
    auto who = y.replica->id();
    if (find(now, who) != nullptr || random_.chance(50))
      continue;
    auto role = random_.chance(20) ? server_role::spare : server_role::standby;
    now.insert(std::find_if(now.begin(), now.end(),
                            [&](const server& z) { return z.id > who; }),
               {who, role});
    return x.replica->change(local(x), now);
  }
  return false;
}

bool raft_sim::shrink(node& x, configuration now) {
  auto i = random_.below(now.size());
  if (now[i].role != server_role::voter)
    return false;
  if (now[i].id == x.replica->id() && random_.chance(80)) {
    x.replica->transfer(local(x), {0});
    return false;
  }
  if (random_.chance(60))
    now.erase(now.begin() + static_cast<std::ptrdiff_t>(i));
  else
    now[i].role = server_role::standby;
  return x.replica->change(local(x), now);
}

void raft_sim::chaos() {
  if (calm_)
    return;
  after(1us + some(100ms), [this] { chaos(); });
  if (random_.below(100) < profile_.crashes) {
    fall(any());
    if (random_.chance(5))
      for (auto& x : nodes_)
        if (random_.chance(70))
          fall(x);
  }
  if (random_.below(100) < profile_.pauses) {
    ++done_["pause"];
    any().paused_until =
      now_
      + some(random_.chance(50) ? 20ms : 2 * profile_.options.election_timeout);
  }
  if (random_.below(100) < profile_.partitions)
    partition();
  if (random_.chance(2))
    lose(any(), any().replica->id());
  if (random_.chance(2))
    hurry(any());
}

/// The way to this peer broke, or so it seems.
void raft_sim::lose(node& x, node_id peer) {
  if (!x.replica->up() || now_ < x.paused_until)
    return;
  ++done_["doubt"];
  x.replica->it().doubt(local(x), peer, local(x) + some(300ms));
  moved(x);
}

/// There is a way again to some peer.
void raft_sim::hurry(node& at) {
  if (!at.replica->up() || now_ < at.paused_until)
    return;
  ++done_["hurry"];
  at.replica->it().stand(local(at), local(at) + some(300ms));
  moved(at);
}

void raft_sim::fall(node& x) {
  if (!x.replica->up() && !x.fetching)
    return;
  crash(x);
  if (random_.chance(50))
    for (auto& y : nodes_)
      lose(y, x.replica->id());
  after(some(random_.chance(30) ? 1s : 100ms), [this, &x, life = x.life] {
    if (x.life == life)
      start(x);
  });
}

/// One link, one way; one node, both ways or one; or two sides.
void raft_sim::partition() {
  ++done_["partition"];
  auto how = random_.below(4);
  auto one = 1 + random_.below(nodes_.size());
  auto other = 1 + random_.below(nodes_.size());
  auto sides = random_.next();
  std::vector<int*> links;
  for (std::uint64_t a = 1; a <= nodes_.size(); ++a)
    for (std::uint64_t b = 1; b <= nodes_.size(); ++b) {
      auto apart = ((sides >> a) & 1U) != ((sides >> b) & 1U);
      if (how == 0   ? a == one && b == other
          : how == 1 ? a == one || b == one
          : how == 2 ? a == one
                     : apart)
        links.push_back(&cut_[a][b]);
    }
  for (auto* x : links)
    ++*x;
  after(some(random_.chance(30) ? 1500ms : 200ms), [links] {
    for (auto* x : links)
      --*x;
  });
}

void raft_sim::calm_down() {
  calm_ = true;
  for (auto& x : cut_)
    x.fill(-1'000'000);
  for (auto& x : nodes_) {
    x.paused_until = 0ns;
    // Who fetches comes back by itself.
    after(2s, [this, &x] {
      if (&x != down_)
        start(x);
    });
  }
  if (random_.chance(50))
    keep_one_down();
  std::string why;
  auto end = now_ + 60s;
  do {
    if (now_ >= end)
      throw violation{"liveness", why};
    run_until(now_ + 50ms);
  } while (!settled(why));
  judge_.conclude(leader()->replica->state().at.index);
}

/// A group of three or more does without one of them. Not while a voter is
/// made a standby: if it is all that is left of those who know, it neither
/// stands for election nor votes for who does not know (thesis, section 4.2.2,
/// would let it stand; the library does not). Who goes whole is not told.
void raft_sim::keep_one_down() {
  configuration latest;
  std::uint64_t index = 0;
  for (const auto& x : nodes_) {
    auto [at, servers] = x.replica->latest_servers();
    if (at > index)
      latest = std::move(servers);
    index = std::max(index, at);
  }
  for (const auto& x : nodes_) {
    auto servers = x.replica->latest_servers().second;
    if (!servers.empty() && voters(servers) < 3)
      return;
    for (const auto& y : servers)
      if (y.role == server_role::voter && !votes(latest, y.id)
          && find(latest, y.id) != nullptr)
        return;
  }
  auto& x = any();
  if (x.replica->up() || x.fetching)
    crash(x);
  else
    end_of_life(x);
  ++done_["one stays down"];
  down_ = &x;
}

/// There is a leader whose entries everybody applies, and whom they can make
/// change the group.
bool raft_sim::settled(std::string& why) {
  auto* x = leader();
  if (x == nullptr) {
    why = "no leader";
    return false;
  }
  auto& it = x->replica->it();
  if (goal_ == 0 || goal_term_ != it.state().term) {
    why = "no command accepted";
    last_change_ = 0;
    if (!x->replica->submit(local(*x), "last"))
      return false;
    goal_ = it.last_index();
    goal_term_ = it.state().term;
    moved(*x);
  }
  for (const auto& y : it.servers()) {
    why = "node " + std::to_string(y.id.value) + " has not applied "
          + std::to_string(goal_);
    if (y.role != server_role::spare && &at(y.id) != down_
        && (!at(y.id).replica->up()
            || at(y.id).replica->state().at.index < goal_))
      return false;
  }
  why = "no change of the group";
  if (last_change_ == 0) {
    if (last_change(*x))
      last_change_ = it.last_index();
    moved(*x);
    return false;
  }
  return x->replica->state().at.index >= last_change_;
}

bool raft_sim::last_change(node& x) {
  auto next = x.replica->it().servers();
  if (next.size() == 1)
    return nodes_.size() == 1 || grow(x, next);
  auto gone = std::find_if(next.begin(), next.end(), [&](const server& y) {
    return down_ != nullptr ? &at(y.id) == down_ : y.id != x.replica->id();
  });
  if (gone == next.end())
    gone = std::find_if(next.begin(), next.end(), [&](const server& y) {
      return y.role != server_role::voter;
    });
  if (gone == next.end())
    return grow(x, next);
  next.erase(gone);
  return x.replica->change(local(x), next);
}

} // namespace iris::test
