#include "tests/sim/replicas.hpp"

#include "persistence/keys.hpp"

#include <algorithm>
#include <tuple>

namespace iris::sim {

namespace {

std::string label(node_id node) {
  return "node " + std::to_string(node.value);
}

std::string label(shard_id shard) {
  return "shard " + std::to_string(shard.value);
}

std::string text(const persistence::applied_point& x) {
  return "index " + std::to_string(x.index) + ", term " + std::to_string(x.term)
         + ", checksum " + std::to_string(x.checksum);
}

using content = std::map<std::string, std::string>;

result<content> read_all(shard_id shard, const persistence::state_store& from) {
  content out;
  auto prefix = persistence::shard_prefix(shard);
  auto read = from.scan(prefix, persistence::prefix_end(prefix), false,
                        [&](auto key, auto value) {
                          out.emplace(key, value);
                          return true;
                        });
  if (!read)
    return read.failure();
  // Compared by itself.
  out.erase(persistence::applied_key(shard));
  return out;
}

/// The first key that two contents differ in, or that only one has.
std::string first_difference(const content& a, const content& b) {
  auto [i, j] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  auto& at = j == b.end() || (i != a.end() && i->first < j->first) ? i : j;
  return persistence::to_hex(at->first);
}

} // namespace

void ledger::applied(node_id node, shard_id shard,
                     const persistence::applied_point& upto) {
  if (upto.index == 0)
    return;
  auto [i, first] =
    points_.try_emplace({shard, upto.index}, seen{node, upto, false});
  auto& known = i->second;
  if (first || (known.by == node && known.point == upto))
    return;
  compared_ += !std::exchange(known.shared, true);
  if (known.point != upto)
    problems_.push_back("I6: " + label(shard) + ": " + label(node) + " is at "
                        + text(upto) + ", " + label(known.by) + " was at "
                        + text(known.point));
}

bool ledger::leads(node_id node, shard_id shard, std::uint64_t term) {
  auto [i, first] = leaders_.try_emplace({shard, term}, node);
  if (first)
    newest_leader_ = node;
  else if (i->second != node)
    problems_.push_back("I6: " + label(shard) + ": " + label(node)
                        + " leads in term " + std::to_string(term) + ", as "
                        + label(i->second) + " did");
  return first;
}

std::vector<std::string> compare_replicas(shard_id shard, const replicas& all) {
  std::vector<std::string> out;
  std::optional<std::tuple<node_id, persistence::applied_point, content>> first;
  for (const auto& [node, store] : all) {
    auto point = store->applied(shard);
    auto keys = read_all(shard, *store);
    auto about = label(shard) + ": " + label(node);
    if (!point || !keys) {
      out.push_back("I1: " + about + " can't be read: "
                    + to_string(point ? keys.failure() : point.failure()));
      continue;
    }
    if (!first) {
      first.emplace(node, *point, std::move(*keys));
      continue;
    }
    const auto& [one, upto, content] = *first;
    if (*point != upto)
      out.push_back("I6: " + about + " has applied up to " + text(*point)
                    + ", expected " + text(upto) + " as " + label(one));
    if (*keys != content)
      out.push_back("I1: " + about + " differs from " + label(one) + " at key "
                    + first_difference(*keys, content));
  }
  return out;
}

} // namespace iris::sim
