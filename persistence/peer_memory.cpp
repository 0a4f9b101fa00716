#include "persistence/peer_memory.hpp"

#include "base/codec.hpp"
#include "persistence/keys.hpp"

#include <future>

namespace iris::persistence {

namespace {

constexpr auto remedy = "; start it with its own disk, as that is now";

std::string name_of(std::uint64_t store) {
  if (store == 0)
    return "a store without a number";
  std::string bytes;
  encoder{bytes}.u64(store);
  return "store " + to_hex(bytes);
}

error another_store(node_id node, const known_peer& process,
                    const known_peer& known) {
  return {errc::store_foreign,
          "node " + std::to_string(node.value)
            + " comes with another store "
              "than before: its disk was wiped or replaced; found "
            + name_of(process.store) + ", expected " + name_of(known.store)
            + remedy};
}

error went_back(node_id node, const known_peer& process,
                const known_peer& known) {
  return {errc::store_foreign,
          "node " + std::to_string(node.value) + " comes as its start number "
            + std::to_string(process.incarnation)
            + ": its disk is an old backup or a copy; expected "
            + std::to_string(known.incarnation)
            + ", which was seen of it, or more" + remedy};
}

} // namespace

peer_memory::peer_memory(log_store& store, executor& thread,
                         std::map<node_id, known_peer> known,
                         std::chrono::milliseconds patience)
  : store_(store), thread_(thread), patience_(patience),
    known_(std::move(known)) {
  // nop
}

result<std::unique_ptr<peer_memory>>
peer_memory::open(log_store& store, executor& thread,
                  std::chrono::milliseconds patience) {
  auto known = store.peers();
  if (!known)
    return known.failure();
  return std::unique_ptr<peer_memory>{
    new peer_memory(store, thread, *std::move(known), patience)};
}

result<void> peer_memory::admit(node_id node, const known_peer& process) {
  auto promised = std::make_shared<std::promise<result<void>>>();
  auto answer = promised->get_future();
  thread_.post([this, promised = std::move(promised), node, process] {
    promised->set_value(decide(node, process));
  });
  if (answer.wait_for(patience_) != std::future_status::ready)
    return error{errc::deadline_exceeded,
                 "this node's disk did not answer in time, expected it to"};
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return error{errc::draining, "this node stops, expected a running one"};
  }
}

result<void> peer_memory::decide(node_id node, const known_peer& process) {
  auto known = known_.find(node);
  if (known != known_.end()) {
    if (known->second.store != process.store)
      return another_store(node, process, known->second);
    if (process.incarnation < known->second.incarnation)
      return went_back(node, process, known->second);
    if (process == known->second)
      return {};
  }
  auto done = store_.remember(node, process);
  if (done)
    known_[node] = process;
  return done;
}

} // namespace iris::persistence
