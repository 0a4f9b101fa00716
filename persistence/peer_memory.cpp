#include "persistence/peer_memory.hpp"

#include "base/codec.hpp"
#include "persistence/keys.hpp"
#include "persistence/start_history.hpp"

#include <algorithm>
#include <future>

namespace iris::persistence {

namespace {

std::string remedy(node_id node) {
  auto number = std::to_string(node.value);
  return "; start it with its own disk, as that is now; if that is gone: iris "
         "node drain "
         + number + ", iris node remove " + number
         + ", and a new node with another number";
}

std::string name_of(std::uint64_t store) {
  if (store == 0)
    return "a store without a number";
  std::string bytes;
  encoder{bytes}.u64(store);
  return "store " + to_hex(bytes);
}

error another_store(node_id node, std::uint64_t found, std::uint64_t expected) {
  return {errc::store_foreign,
          "node " + std::to_string(node.value)
            + " comes with another store "
              "than before: its disk was wiped or replaced; found "
            + name_of(found) + ", expected " + name_of(expected)
            + remedy(node)};
}

error went_back(node_id node, std::uint64_t found, std::uint64_t expected) {
  return {errc::store_foreign,
          "node " + std::to_string(node.value) + " comes as its start number "
            + std::to_string(found)
            + ": its disk is an old backup or a copy; expected "
            + std::to_string(expected) + ", which was seen of it, or more"
            + remedy(node)};
}

error forked(node_id node, std::uint64_t found, const known_peer& known) {
  return {errc::store_foreign,
          "node " + std::to_string(node.value)
            + " comes with an older copy or a clone of its store; found start "
              "number "
            + std::to_string(found) + ", expected one that goes on from number "
            + std::to_string(known.incarnation)
            + " as it was last seen, with mark "
            + std::to_string(known.last.mark) + remedy(node)};
}

bool goes_on(const std::vector<store_start>& starts, const store_start& from) {
  return std::any_of(starts.begin(), starts.end(), [&](const auto& x) {
    return x.number == from.number && x.mark >= from.mark;
  });
}

} // namespace

peer_memory::peer_memory(log_store& store, executor& thread,
                         std::chrono::milliseconds patience,
                         std::map<node_id, known_peer> known)
  : store_(store), thread_(thread), patience_(patience),
    known_(std::move(known)) {
  for (const auto& [node, what] : known_)
    if (what.met)
      met_before_.insert(node);
}

result<std::unique_ptr<peer_memory>>
peer_memory::open(log_store& store, executor& thread,
                  std::chrono::milliseconds patience) {
  auto known = store.peers();
  if (!known)
    return known.failure();
  return std::unique_ptr<peer_memory>{
    new peer_memory(store, thread, patience, *std::move(known))};
}

result<void> peer_memory::admit(node_id node, const shown_peer& process) {
  auto promised = std::make_shared<std::promise<result<void>>>();
  auto answer = promised->get_future();
  thread_.post([this, promised = std::move(promised), node, process] {
    promised->set_value(decide(node, process));
  });
  if (answer.wait_for(patience_) == std::future_status::timeout)
    return error{errc::deadline_exceeded,
                 "this node's disk did not answer within "
                   + std::to_string(patience_.count())
                   + " ms: expected one that does"};
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return error{errc::draining, "this node stops, expected a running one"};
  }
}

void peer_memory::renew(node_id node, std::uint64_t incarnation,
                        std::uint64_t mark) {
  thread_.post([this, node, incarnation, mark] {
    auto known = known_.find(node);
    if (known == known_.end() || known->second.incarnation != incarnation
        || known->second.last.mark >= mark)
      return;
    auto next = known->second;
    next.last.mark = mark;
    // The next mark says it again.
    static_cast<void>(remember(node, next));
  });
}

void peer_memory::meet(node_id node, std::function<void()> then) {
  thread_.post([this, node, then = std::move(then)] {
    auto known = known_.find(node);
    if (known == known_.end())
      return;
    auto next = known->second;
    next.met = true;
    if (remember(node, next))
      then();
  });
}

result<void> peer_memory::decide(node_id node, const shown_peer& process) {
  auto starts = decode_starts(process.starts);
  if (!starts)
    return starts.failure();
  if (starts->empty())
    return error{errc::bad_frame, "node " + std::to_string(node.value)
                                    + " shows no start: expected this one"};
  known_peer next{process.store, process.incarnation, starts->back(), false};
  if (auto found = known_.find(node); found != known_.end()) {
    const auto& known = found->second;
    if (known.store != next.store)
      return another_store(node, next.store, known.store);
    if (next.incarnation < known.incarnation)
      return went_back(node, next.incarnation, known.incarnation);
    if (known.last.number != 0 && !goes_on(*starts, known.last))
      return forked(node, next.incarnation, known);
    next.met = known.met;
  }
  return remember(node, next);
}

result<void> peer_memory::remember(node_id node, const known_peer& what) {
  auto known = known_.find(node);
  if (known != known_.end() && known->second == what)
    return {};
  auto done = store_.remember(node, what);
  if (done)
    known_[node] = what;
  return done;
}

} // namespace iris::persistence
