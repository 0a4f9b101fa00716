#include "cluster/raft/core.hpp"

#include "base/assert.hpp"
#include "cluster/raft/shim.h"

#include <cstdlib>

namespace iris::cluster::raft {

namespace {

using persistence::hard_state;
using persistence::loaded_log;
using persistence::log_entry;
using persistence::log_floor;

std::uint64_t milliseconds(std::chrono::nanoseconds now) {
  return static_cast<std::uint64_t>(now.count()) / 1'000'000;
}

iris_raft_bytes view(const std::string& bytes) {
  return {bytes.data(), bytes.size()};
}

iris_raft_floor view(const log_floor& floor) {
  return {floor.index, floor.term, view(floor.configuration),
          floor.configuration_index};
}

update to_update(const iris_raft* raft, const iris_raft_update& in) {
  update out;
  out.hard_state = in.hard_state;
  out.commit = in.commit;
  out.first_index = in.first_index;
  if (in.barrier)
    out.entries.push_back({iris_raft_term(raft), IRIS_RAFT_BARRIER,
                           std::make_shared<const std::string>(8, '\0')});
  return out;
}

error failure(const char* doing, int code) {
  return {errc::internal, std::string{"consensus failed to "} + doing + ": "
                            + iris_raft_strerror(code)};
}

const std::string& latest_configuration(const loaded_log& log) {
  for (auto i = log.entries.rbegin(); i != log.entries.rend(); ++i)
    if (i->type == IRIS_RAFT_CHANGE)
      return *i->payload;
  return log.floor.configuration;
}

} // namespace

void core::deleter::operator()(iris_raft* raft) const {
  iris_raft_free(raft);
}

core::core(node_id self, std::uint64_t seed)
  : raft_(iris_raft_new(self.value, static_cast<unsigned>(seed))) {
  IRIS_ASSERT(raft_ != nullptr);
}

core::~core() = default;

persistence::log_change core::bootstrap(shard_id shard, node_id self) {
  std::size_t size = 0;
  std::unique_ptr<void, decltype(&std::free)> bytes{
    iris_raft_sole_voter(self.value, &size), &std::free};
  IRIS_ASSERT(bytes != nullptr);
  persistence::log_change out;
  out.shard = shard;
  out.state = hard_state{1, 0};
  out.first_index = 1;
  out.entries.push_back({1, IRIS_RAFT_CHANGE,
                         std::make_shared<const std::string>(
                           static_cast<const char*>(bytes.get()), size)});
  return out;
}

std::optional<hard_state> core::before_start(node_id self,
                                             const loaded_log& log) {
  auto configuration = view(latest_configuration(log));
  if (iris_raft_sole_voter_of(&configuration) != self.value)
    return std::nullopt;
  return hard_state{log.state.term + 1, self.value};
}

result<update> core::start(std::chrono::nanoseconds now,
                           const loaded_log& log) {
  auto last = log.first_index + log.entries.size() - 1;
  if (last < log.floor.index || log.first_index > log.floor.index + 1)
    return error{errc::corrupt, "the log holds entries "
                                  + std::to_string(log.first_index) + " to "
                                  + std::to_string(last)
                                  + ", expected them to join the floor at "
                                  + std::to_string(log.floor.index)};
  std::vector<iris_raft_entry> entries;
  entries.reserve(log.entries.size());
  for (const auto& x : log.entries)
    entries.push_back({x.term, x.type, x.payload->data(), x.payload->size()});
  iris_raft_log all{log.state.term,  log.state.vote,
                    view(log.floor), log.first_index,
                    entries.data(),  static_cast<unsigned>(entries.size())};
  iris_raft_update out;
  auto code = iris_raft_start(raft_.get(), milliseconds(now), &all, &out);
  if (code != 0)
    return failure("start", code);
  return to_update(raft_.get(), out);
}

result<update> core::submit(std::chrono::nanoseconds now, entry_type type,
                            std::shared_ptr<const std::string> payload) {
  iris_raft_entry entry{0, static_cast<std::uint8_t>(type), payload->data(),
                        payload->size()};
  iris_raft_update out;
  auto code = iris_raft_submit(raft_.get(), milliseconds(now), &entry, &out);
  if (code != 0)
    return failure("submit an entry", code);
  IRIS_ASSERT(out.entry_count == 1);
  auto result = to_update(raft_.get(), out);
  result.entries.push_back({iris_raft_term(raft_.get()),
                            static_cast<std::uint8_t>(type),
                            std::move(payload)});
  return result;
}

result<update> core::persisted(std::chrono::nanoseconds now,
                               std::uint64_t index) {
  iris_raft_update out;
  auto code = iris_raft_persisted(raft_.get(), milliseconds(now), index, &out);
  if (code != 0)
    return failure("note a durable entry", code);
  return to_update(raft_.get(), out);
}

result<update> core::configured(std::chrono::nanoseconds now,
                                std::uint64_t index,
                                const std::string& configuration) {
  auto bytes = view(configuration);
  iris_raft_update out;
  auto code =
    iris_raft_configured(raft_.get(), milliseconds(now), index, &bytes, &out);
  if (code != 0)
    return failure("apply a configuration", code);
  return to_update(raft_.get(), out);
}

result<update> core::compacted(std::chrono::nanoseconds now,
                               const log_floor& floor) {
  auto bytes = view(floor);
  iris_raft_update out;
  auto code =
    iris_raft_compacted(raft_.get(), milliseconds(now), &bytes, 0, &out);
  if (code != 0)
    return failure("compact the log", code);
  return to_update(raft_.get(), out);
}

hard_state core::state() const {
  return {iris_raft_term(raft_.get()), iris_raft_vote(raft_.get())};
}

std::uint64_t core::commit_index() const {
  return iris_raft_commit_index(raft_.get());
}

raft::role core::role() const {
  switch (iris_raft_role(raft_.get())) {
  case IRIS_RAFT_LEADER:
    return raft::role::leader;
  case IRIS_RAFT_CANDIDATE:
    return raft::role::candidate;
  default:
    return raft::role::follower;
  }
}

} // namespace iris::cluster::raft
