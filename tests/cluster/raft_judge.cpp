#include "tests/cluster/raft_judge.hpp"

#include "base/hash.hpp"
#include "base/random.hpp"

#include <sstream>

namespace iris::test {

namespace {

template <class... Ts>
std::string text(const Ts&... xs) {
  std::ostringstream out;
  (out << ... << xs);
  return out.str();
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return random_source{a ^ (b * 0x9e3779b97f4a7c15ULL)}.next();
}

} // namespace

std::uint64_t raft_judge::hash(const log_entry& what) {
  return mix(mix(what.term, what.type), hash64(*what.payload));
}

std::uint64_t raft_judge::chain(std::uint64_t before, const log_entry& what) {
  return mix(before, hash(what));
}

void raft_judge::appended(node_id where, std::uint64_t index,
                          const log_entry& what, std::uint64_t term_before) {
  known_entry now{hash(what), term_before};
  auto [known, fresh] = entries_.try_emplace({index, what.term}, now);
  auto& old = known->second;
  if (fresh)
    return;
  if (old.hash != now.hash
      || (old.term_before != 0 && term_before != 0
          && old.term_before != term_before))
    throw violation{"log matching", text("node ", where.value, ", entry ",
                                         index, " of term ", what.term)};
  old.term_before = std::max(old.term_before, term_before);
}

void raft_judge::leads(node_id who, const core& with) {
  auto term = with.state().term;
  auto leader = leaders_.try_emplace(term, who).first->second;
  if (leader != who)
    throw violation{"election safety", text("term ", term, " has the leaders ",
                                            leader.value, " and ", who.value)};
  for (auto i = with.first_index(); i <= committed(); ++i) {
    const auto& x = committed_[i];
    if (x.term == 0 || x.term >= term)
      continue;
    if (i > with.last_index() || hash(with.entry(i)) != x.hash)
      throw violation{"leader completeness",
                      text("node ", who.value, " leads term ", term,
                           " without entry ", i, " of term ", x.term)};
  }
}

void raft_judge::applied(node_id where, std::uint64_t index, std::uint64_t term,
                         const log_entry& what, std::uint64_t state) {
  if (committed_.size() <= index)
    committed_.resize(index + 1);
  auto& x = committed_[index];
  if (x.term == 0)
    x = {hash(what), state, term};
  else if (x.hash != hash(what) || x.state != state)
    throw violation{"state machine safety",
                    text("node ", where.value, " applies another entry ", index,
                         " in term ", term, " than was in term ", x.term)};
  x.term = std::min(x.term, term);
}

void raft_judge::fetched(node_id where, std::uint64_t index,
                         std::uint64_t state) const {
  if (index > committed() || committed_[index].state != state)
    throw violation{
      "state machine safety",
      text("node ", where.value, " has another state at ", index)};
}

void raft_judge::acknowledged(std::uint64_t index, const log_entry& what) {
  acknowledged_.emplace_back(index, hash(what));
}

void raft_judge::conclude(std::uint64_t applied) const {
  for (const auto& [index, hash] : acknowledged_)
    if (index > applied || committed_[index].hash != hash)
      throw violation{"acknowledged entry lost", text("entry ", index)};
}

} // namespace iris::test
