#include "persistence/log_format.hpp"

#include "base/codec.hpp"
#include "persistence/writes.hpp"

namespace iris::persistence {

namespace {

enum part : std::uint8_t {
  hard_state_part,
  floor_part,
  entry_part,
  incarnation_part = 0x10,
  peer_part,
  start_part
};

std::string key(shard_id shard, part kind) {
  std::string out;
  encoder{out}.u16(shard.value).u8(kind);
  return out;
}

error damaged(const std::string& what) {
  return {errc::corrupt,
          what + " is damaged, expected it to match its checksum"};
}

error damaged(shard_id shard, const std::string& what) {
  return damaged("shard " + std::to_string(shard.value) + ": " + what);
}

/// What was read is whole, and all there is.
result<void> check_end(const decoder& in, const std::string& what) {
  if (in.failed())
    return damaged(what);
  if (!in.done())
    return error{errc::store_newer,
                 what
                   + " was written by a later version of Iris, expected at "
                     "most this one: start that version"};
  return {};
}

} // namespace

std::string hard_state_key(shard_id shard) {
  return key(shard, hard_state_part);
}

std::string floor_key(shard_id shard) {
  return key(shard, floor_part);
}

std::string entry_key(shard_id shard, std::uint64_t index) {
  auto out = key(shard, entry_part);
  encoder{out}.u64(index);
  return out;
}

std::string incarnation_key() {
  return key(node_records, incarnation_part);
}

std::string peer_key(node_id node) {
  auto out = key(node_records, peer_part);
  encoder{out}.u64(node.value);
  return out;
}

std::string start_key(std::uint64_t incarnation) {
  auto out = key(node_records, start_part);
  encoder{out}.u64(incarnation);
  return out;
}

std::string encode_hard_state(shard_id shard, const hard_state& in) {
  std::string out;
  encoder{out}.u64(in.term).u64(in.vote);
  return checked_value(hard_state_key(shard), out);
}

std::string encode_floor(shard_id shard, const floor_record& in) {
  std::string out;
  encoder{out}
    .u64(in.first)
    .u64(in.floor.index)
    .u64(in.floor.term)
    .u64(in.floor.configuration_index)
    .raw(in.floor.configuration);
  return checked_value(floor_key(shard), out);
}

std::string encode_entry(shard_id shard, std::uint64_t index,
                         const log_entry& in) {
  std::string out;
  out.reserve(9 + in.payload->size());
  encoder{out}.u64(in.term).u8(in.type).raw(*in.payload);
  return checked_value(entry_key(shard, index), out);
}

std::string encode_incarnation(std::uint64_t in) {
  std::string out;
  encoder{out}.u64(in);
  return checked_value(incarnation_key(), out);
}

std::string encode_peer(node_id node, const known_peer& in) {
  std::string out;
  encoder{out}
    .u64(in.store)
    .u64(in.incarnation)
    .u64(in.last.number)
    .u64(in.last.mark)
    .u8(in.met ? 1 : 0);
  return checked_value(peer_key(node), out);
}

std::string encode_start(std::uint64_t incarnation, const store_start& in) {
  std::string out;
  encoder{out}.u64(in.number).u64(in.mark);
  return checked_value(start_key(incarnation), out);
}

result<hard_state> decode_hard_state(shard_id shard, std::string_view value) {
  auto payload = checked_payload(hard_state_key(shard), value);
  decoder in{payload ? *payload : std::string_view{}};
  hard_state out;
  out.term = in.u64();
  out.vote = in.u64();
  if (!in.done())
    return damaged(shard, "term and vote");
  return out;
}

result<floor_record> decode_floor(shard_id shard, std::string_view value) {
  auto payload = checked_payload(floor_key(shard), value);
  decoder in{payload ? *payload : std::string_view{}};
  floor_record out;
  out.first = in.u64();
  out.floor.index = in.u64();
  out.floor.term = in.u64();
  out.floor.configuration_index = in.u64();
  out.floor.configuration = in.rest();
  if (in.failed())
    return damaged(shard, "the floor");
  return out;
}

result<log_entry> decode_entry(shard_id shard, std::uint64_t index,
                               std::string_view value) {
  auto payload = checked_payload(entry_key(shard, index), value);
  decoder in{payload ? *payload : std::string_view{}};
  log_entry out;
  out.term = in.u64();
  out.type = in.u8();
  if (in.failed())
    return damaged(shard, "entry " + std::to_string(index));
  out.payload = std::make_shared<const std::string>(in.rest());
  return out;
}

result<std::uint64_t> decode_incarnation(std::string_view value) {
  auto payload = checked_payload(incarnation_key(), value);
  decoder in{payload ? *payload : std::string_view{}};
  auto out = in.u64();
  if (!in.done())
    return damaged("the number of starts");
  return out;
}

result<known_peer> decode_peer(node_id node, std::string_view value) {
  auto payload = checked_payload(peer_key(node), value);
  decoder in{payload ? *payload : std::string_view{}};
  known_peer out;
  out.store = in.u64();
  out.incarnation = in.u64();
  if (in.done()) {
    out.met = true;
    return out;
  }
  out.last.number = in.u64();
  out.last.mark = in.u64();
  out.met = in.u8() != 0;
  if (auto good =
        check_end(in, "what is known of node " + std::to_string(node.value));
      !good)
    return good.failure();
  return out;
}

result<store_start> decode_start(std::uint64_t incarnation,
                                 std::string_view value) {
  auto payload = checked_payload(start_key(incarnation), value);
  decoder in{payload ? *payload : std::string_view{}};
  store_start out;
  out.number = in.u64();
  out.mark = in.u64();
  if (auto good = check_end(in, "start number " + std::to_string(incarnation));
      !good)
    return good.failure();
  return out;
}

} // namespace iris::persistence
