#pragma once

#include "tests/cluster/raft_replica.hpp"

#include <algorithm>
#include <initializer_list>

namespace iris::test {

/// Replicas of one group whose messages a test delivers by hand. Time stands
/// still, and disks write at once unless they are told not to.
class raft_group {
public:
  using message = cluster::raft::message;
  using kind = message::kind;
  using configuration = cluster::raft::configuration;
  using role = cluster::raft::server_role;

  struct on_wire {
    std::uint64_t from;
    std::uint64_t to;
    message what; ///< as whom it is for sees it
  };

  /// Nodes 1 to `nodes`; those of `first` have the group's beginning.
  raft_group(std::uint64_t nodes, const configuration& first,
             cluster::raft::options with = {}) {
    for (std::uint64_t i = 1; i <= nodes; ++i) {
      raft_replica::parts parts{{i}, with, judge, {}, {}};
      parts.send = [this, i](const message& x) { send(i, x); };
      parts.fetch = [this, i](const message& x) { fetches[i] = x; };
      replicas_.push_back(std::make_unique<raft_replica>(std::move(parts)));
      if (find(first, {i}) != nullptr)
        at(i).begin_with(first);
      start(i);
    }
  }

  static configuration voters(std::initializer_list<std::uint64_t> ids) {
    configuration out;
    for (auto x : ids)
      out.push_back({{x}, role::voter});
    return out;
  }

  raft_replica& at(std::uint64_t id) { return *replicas_[id - 1]; }
  raft_replica::core& core(std::uint64_t id) { return at(id).it(); }

  void start(std::uint64_t id) {
    at(id).start(now, id);
    write(id);
  }

  /// What is on its way to the disk is lost.
  void crash(std::uint64_t id) { at(id).stop(); }

  /// From now on nothing reaches this disk, or all at once.
  void hold_disk(std::uint64_t id) { held_disks_.push_back(id); }
  void release_disk(std::uint64_t id) {
    std::erase(held_disks_, id);
    write(id);
  }

  /// How many were delivered; of this kind only if one is given.
  int deliver(std::uint64_t from, std::uint64_t to, kind what = {}) {
    int out = 0;
    for (;;) {
      auto next = std::find_if(wire.begin(), wire.end(), [&](const auto& x) {
        return x.from == from && x.to == to
               && (what == kind{} || x.what.what == what);
      });
      if (next == wire.end())
        return out;
      auto x = std::move(*next);
      wire.erase(next);
      give(to, x.what);
      ++out;
    }
  }

  void give(std::uint64_t to, const message& what) {
    if (!at(to).up())
      return;
    at(to).receive(now, what);
    write(to);
  }

  /// Until the two have nothing to tell each other.
  void talk(std::uint64_t a, std::uint64_t b) {
    while (deliver(a, b) + deliver(b, a) > 0)
      continue;
  }
  void talk(std::uint64_t a, std::initializer_list<std::uint64_t> others) {
    for (auto x : others)
      talk(a, x);
  }

  void drop() { wire.clear(); }

  void tick(std::uint64_t id, std::chrono::milliseconds later) {
    now += later;
    at(id).tick(now);
    write(id);
  }
  void heartbeat(std::uint64_t id) { tick(id, std::chrono::milliseconds{160}); }

  /// `id` wins an election with these, who have had no leader for long. It may
  /// take a second one to learn the term of the others.
  void elect(std::uint64_t id, std::initializer_list<std::uint64_t> with) {
    constexpr std::chrono::milliseconds long_ago{2500};
    for (int i = 0; i < 3 && !at(id).leads(); ++i) {
      for (auto x : with)
        tick(x, long_ago);
      drop();
      tick(id, long_ago);
      for (int round = 0; round < 2; ++round)
        for (auto x : with) {
          deliver(id, x, kind::vote);
          deliver(x, id, kind::vote_result);
        }
    }
  }

  bool submit(std::uint64_t id, std::string payload) {
    auto out = at(id).submit(now, std::move(payload));
    write(id);
    return out;
  }
  bool change(std::uint64_t id, const configuration& next) {
    auto out = at(id).change(now, next);
    write(id);
    return out;
  }

  /// The term of an entry in a replica's log; 0 if it has none.
  std::uint64_t term_of(std::uint64_t id, std::uint64_t index) {
    auto& x = core(id);
    return index < x.first_index() || index > x.last_index()
             ? 0
             : x.entry(index).term;
  }

  void write(std::uint64_t id) {
    if (std::find(held_disks_.begin(), held_disks_.end(), id)
        != held_disks_.end())
      return;
    while (at(id).writing() > 0)
      at(id).write(now);
  }

  std::vector<on_wire> wire;
  std::map<std::uint64_t, message> fetches;
  std::chrono::nanoseconds now{std::chrono::seconds{1}};
  raft_judge judge;

private:
  void send(std::uint64_t from, message what) {
    auto to = std::exchange(what.peer, {from}).value;
    wire.push_back({from, to, std::move(what)});
  }

  std::vector<std::unique_ptr<raft_replica>> replicas_;
  std::vector<std::uint64_t> held_disks_;
};

inline cluster::raft::configuration
voters_of(std::initializer_list<std::uint64_t> ids) {
  return raft_group::voters(ids);
}

/// With this server in this role.
inline cluster::raft::configuration with(cluster::raft::configuration what,
                                         std::uint64_t id,
                                         cluster::raft::server_role role) {
  using cluster::raft::server;
  auto behind = std::find_if(what.begin(), what.end(),
                             [&](const server& x) { return x.id.value >= id; });
  if (behind != what.end() && behind->id.value == id)
    behind->role = role;
  else
    what.insert(behind, {{id}, role});
  return what;
}

/// Payloads of a replica's commands, in order.
inline std::string commands(raft_group& in, std::uint64_t id) {
  std::string out;
  auto& it = in.core(id);
  for (auto i = it.first_index(); i <= it.last_index(); ++i)
    if (is(it.entry(i), cluster::raft::entry_type::command))
      out += *it.entry(i).payload;
  return out;
}

/// Configurations of a replica's log.
inline std::size_t changes(raft_group& in, std::uint64_t id) {
  std::size_t out = 0;
  auto& it = in.core(id);
  for (auto i = it.first_index(); i <= it.last_index(); ++i)
    out += is(it.entry(i), cluster::raft::entry_type::configuration) ? 1 : 0;
  return out;
}

/// Heartbeats of `from` until `to` has all that it has.
inline void bring_up(raft_group& in, std::uint64_t from, std::uint64_t to) {
  for (int i = 0;
       i < 30 && in.core(to).last_index() < in.core(from).last_index(); ++i) {
    in.heartbeat(from);
    in.deliver(from, to);
    in.deliver(to, from);
    in.drop();
  }
}

} // namespace iris::test
