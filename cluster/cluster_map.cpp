#include "cluster/cluster_map.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace iris::cluster {

namespace {

constexpr std::uint8_t format = 2;
constexpr std::uint8_t three_lists = 1;

/// Of the entry that founders begin their logs with.
constexpr std::uint64_t founding_index = 1;

using ids = std::vector<node_id>;

void put(encoder& to, const ids& in) {
  to.varint(in.size());
  for (auto x : in)
    to.varint(x.value);
}

void put(encoder& to, const placement& in) {
  put(to, in.voters);
  put(to, in.learners);
  put(to, in.actual);
  to.varint(in.index).varint(in.revision);
  put(to, in.dropped);
}

ids take_ids(decoder& in) {
  ids out;
  // A count that is not true fails at the end of the input.
  for (auto left = in.varint(); left > 0 && !in.failed(); --left)
    out.push_back({in.varint()});
  return out;
}

placement take_placement(decoder& in, std::uint8_t of) {
  placement out;
  out.voters = take_ids(in);
  out.learners = take_ids(in);
  out.actual = take_ids(in);
  if (of == three_lists)
    return out;
  out.index = in.varint();
  out.revision = in.varint();
  out.dropped = take_ids(in);
  return out;
}

member take_member(decoder& in) {
  member out;
  out.id = {in.varint()};
  out.address = in.bytes();
  out.zone = in.bytes();
  out.state = static_cast<node_state>(in.u8());
  return out;
}

bool well_formed(const member& in) {
  return in.address.size() <= address_bytes_max
         && in.zone.size() <= zone_bytes_max && in.state <= node_state::removed;
}

/// Each at most once, and all of them known.
bool well_formed(ids in, const cluster_map& of) {
  std::sort(in.begin(), in.end());
  return in.size() <= members_max
         && std::adjacent_find(in.begin(), in.end()) == in.end()
         && std::all_of(in.begin(), in.end(),
                        [&](node_id x) { return find(of, x) != nullptr; });
}

bool well_formed(const placement& in, const cluster_map& of) {
  return !in.voters.empty() && well_formed(in.voters, of)
         && well_formed(in.learners, of) && well_formed(in.actual, of)
         && std::is_sorted(in.actual.begin(), in.actual.end())
         && well_formed(in.dropped, of)
         && std::is_sorted(in.dropped.begin(), in.dropped.end());
}

bool well_formed(const cluster_map& in) {
  node_id before;
  for (const auto& x : in.nodes) {
    if (x.id <= before || !well_formed(x))
      return false;
    before = x.id;
  }
  return in.replicas > 0 && in.nodes.size() <= nodes_max
         && in.shards.size() < control_shard.value
         && well_formed(in.control, in)
         && std::all_of(in.shards.begin(), in.shards.end(),
                        [&](const placement& x) { return well_formed(x, in); });
}

/// Gives each shard to those that have least so far.
class dealer {
public:
  explicit dealer(const std::vector<member>& nodes) : nodes_(nodes) {}

  ids deal(std::size_t replicas) {
    ids out;
    std::set<std::string_view> zones;
    while (out.size() < std::min(replicas, nodes_.size())) {
      const auto& chosen = best(out, zones);
      auto& its = given_[chosen.id];
      its.leads += out.empty() ? 1 : 0;
      ++its.replicas;
      zones.insert(chosen.zone);
      out.push_back(chosen.id);
    }
    return out;
  }

private:
  struct share {
    std::size_t leads = 0;
    std::size_t replicas = 0;
  };

  const member& best(const ids& chosen,
                     const std::set<std::string_view>& zones) {
    auto cost = [&](const member& x) {
      auto taken = std::count(chosen.begin(), chosen.end(), x.id);
      const auto& its = given_[x.id];
      return std::tuple{taken, zones.count(x.zone),
                        chosen.empty() ? its.leads : 0, its.replicas};
    };
    return *std::min_element(
      nodes_.begin(), nodes_.end(),
      [&](const auto& a, const auto& b) { return cost(a) < cost(b); });
  }

  const std::vector<member>& nodes_;
  std::map<node_id, share> given_;
};

ids sorted(ids in) {
  std::sort(in.begin(), in.end());
  return in;
}

void revise(placement& next, const placement& before) {
  if (sorted(next.voters) == sorted(before.voters))
    return;
  ++next.revision;
  for (auto x : before.voters)
    if (!contains(next.dropped, x))
      next.dropped.push_back(x);
  std::erase_if(next.dropped,
                [&](node_id x) { return contains(next.voters, x); });
  next.dropped = sorted(std::move(next.dropped));
}

} // namespace

std::string label_of(shard_id id) {
  return id == control_shard ? "control" : std::to_string(id.value);
}

std::string_view to_string(node_state state) noexcept {
  switch (state) {
  case node_state::active:
    return "active";
  case node_state::draining:
    return "draining";
  case node_state::removed:
    return "removed";
  }
  return "unknown";
}

bool reached(const placement& what) {
  return sorted(what.voters) == what.actual && what.dropped.empty();
}

const placement& placement_of(const cluster_map& in, shard_id id) {
  return id == control_shard ? in.control : in.shards.at(id.value);
}

bool wants(const placement& what, node_id who) {
  return contains(what.voters, who) || contains(what.learners, who);
}

bool may_vote(const placement& what, node_id who) {
  return contains(what.voters, who) || contains(what.actual, who)
         || contains(what.dropped, who);
}

void revise(cluster_map& next, const cluster_map& before) {
  revise(next.control, before.control);
  for (std::size_t i = 0; i < next.shards.size(); ++i)
    revise(next.shards[i], before.shards.at(i));
}

const member* find(const cluster_map& in, node_id id) noexcept {
  auto found = std::lower_bound(
    in.nodes.begin(), in.nodes.end(), id,
    [](const member& x, node_id wanted) { return x.id < wanted; });
  return found == in.nodes.end() || found->id != id ? nullptr : &*found;
}

cluster_map initial_map(std::vector<member> founders, std::uint16_t shards,
                        std::uint32_t replicas) {
  IRIS_ASSERT(!founders.empty() && founders.size() <= members_max);
  std::sort(founders.begin(), founders.end(),
            [](const member& a, const member& b) { return a.id < b.id; });
  cluster_map out;
  out.replicas = replicas;
  out.nodes = std::move(founders);
  for (const auto& x : out.nodes) {
    auto full = out.control.voters.size() == control_voters_max;
    (full ? out.control.learners : out.control.voters).push_back(x.id);
  }
  out.control.actual = out.control.voters;
  out.control.index = founding_index;
  dealer among{out.nodes};
  for (std::uint16_t i = 0; i < shards; ++i) {
    auto voters = among.deal(replicas);
    auto actual = sorted(voters);
    out.shards.push_back(
      {std::move(voters), {}, std::move(actual), founding_index});
  }
  IRIS_ASSERT(well_formed(out));
  return out;
}

std::string encode(const cluster_map& in) {
  std::string out;
  encoder to{out};
  to.u8(format).u64(in.version).u32(in.replicas).varint(in.nodes.size());
  for (const auto& x : in.nodes)
    to.varint(x.id.value)
      .bytes(x.address)
      .bytes(x.zone)
      .u8(static_cast<std::uint8_t>(x.state));
  put(to, in.control);
  to.varint(in.shards.size());
  for (const auto& x : in.shards)
    put(to, x);
  return out;
}

result<cluster_map> decode_cluster_map(std::string_view bytes) {
  decoder in{bytes};
  error damaged{errc::corrupt, "expected the map of a cluster, got "
                                 + std::to_string(bytes.size())
                                 + " other bytes"};
  auto of = in.u8();
  if (of > format)
    return error{errc::store_newer,
                 "the cluster's map has format " + std::to_string(of)
                   + ", expected at most " + std::to_string(format)
                   + ": start the version of Iris that wrote it, or a later "
                     "one"};
  if (of != format && of != three_lists)
    return damaged;
  cluster_map out;
  out.version = in.u64();
  out.replicas = in.u32();
  for (auto left = in.varint(); left > 0 && !in.failed(); --left)
    out.nodes.push_back(take_member(in));
  out.control = take_placement(in, of);
  for (auto left = in.varint(); left > 0 && !in.failed(); --left)
    out.shards.push_back(take_placement(in, of));
  if (!in.done() || !well_formed(out))
    return damaged;
  return out;
}

} // namespace iris::cluster
