#include "actors/records.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"

namespace iris::actors {

namespace {

error damaged(const char* what) {
  return {errc::corrupt, std::string{"expected a "} + what + " record"};
}

} // namespace

std::string keyring::all(record kind) const {
  return prefix_ + static_cast<char>(kind);
}

std::string keyring::at(record kind, std::uint64_t position) const {
  auto key = all(kind);
  encoder{key}.u64(position);
  return key;
}

std::string keyring::of(record kind, std::string_view suffix) const {
  return all(kind).append(suffix);
}

std::string keyring::dedup(const message_id& id, const user_id& sender) const {
  return of(record::dedup, id.bytes()).append(sender.str());
}

std::string keyring::fan_out(shard_id destination) const {
  auto key = all(record::fan_out);
  encoder{key}.u16(destination.value);
  return key;
}

std::uint64_t keyring::position(std::string_view key) {
  IRIS_ASSERT(key.size() >= 8);
  return decoder{key.substr(key.size() - 8)}.u64();
}

std::string_view keyring::suffix(std::string_view key) const {
  IRIS_ASSERT(key.size() > prefix_.size());
  return key.substr(prefix_.size() + 1);
}

result<std::pair<message_id, user_id>>
keyring::dedup_of(std::string_view suffix) {
  constexpr std::size_t id_bytes = 16;
  if (suffix.size() <= id_bytes)
    return damaged("deduplication key");
  auto user = user_id::parse(suffix.substr(id_bytes));
  if (!user)
    return damaged("deduplication key");
  return std::pair{message_id::from_bytes(suffix.substr(0, id_bytes)), *user};
}

result<shard_id> keyring::destination_of(std::string_view suffix) {
  decoder from{suffix};
  shard_id out{from.u16()};
  if (!from.done())
    return damaged("delivery cursor key");
  return out;
}

persistence::actor_ref ref_of(const conversation_id& who) {
  return {persistence::actor_kind::conversation, persistence::main_tenant,
          std::string{who.bytes()}};
}

persistence::actor_ref ref_of(const user_id& who) {
  return {persistence::actor_kind::user, persistence::main_tenant, who.str()};
}

std::string encode(const about_record& x) {
  std::string out;
  encoder{out}.u8(x.direct ? 1 : 0).bytes(x.title);
  return out;
}

std::string encode(const dedup_record& x) {
  std::string out;
  encoder{out}
    .u64(x.seq.value)
    .u64(static_cast<std::uint64_t>(x.at.ms))
    .u64(x.content);
  return out;
}

std::string encode(const member_record& x) {
  std::string out;
  encoder to{out};
  to.u8(static_cast<std::uint8_t>(x.role)).varint(x.intervals.size());
  for (const auto& i : x.intervals)
    to.u64(i.since.value).u64(i.until.value);
  return out;
}

std::string encode(const floor_record& x) {
  std::string out;
  encoder{out}.u64(x.position).u64(static_cast<std::uint64_t>(x.at.ms));
  return out;
}

std::string encode(const device_record& x) {
  std::string out;
  encoder{out}.u64(x.cursor.value).u64(static_cast<std::uint64_t>(x.seen.ms));
  return out;
}

std::string encode_number(std::uint64_t x) {
  std::string out;
  encoder{out}.u64(x);
  return out;
}

result<about_record> decode_about(std::string_view in) {
  decoder from{in};
  about_record out;
  out.direct = from.u8() != 0;
  out.title = from.bytes();
  if (!from.done())
    return damaged("conversation");
  return out;
}

result<dedup_record> decode_dedup(std::string_view in) {
  decoder from{in};
  dedup_record out;
  out.seq = {from.u64()};
  out.at = {static_cast<std::int64_t>(from.u64())};
  out.content = from.u64();
  if (!from.done())
    return damaged("deduplication");
  return out;
}

result<member_record> decode_member(std::string_view in) {
  decoder from{in};
  member_record out;
  auto role = from.u8();
  auto count = from.varint();
  for (std::uint64_t i = 0; i < count && !from.failed(); ++i) {
    interval x;
    x.since = {from.u64()};
    x.until = {from.u64()};
    out.intervals.push_back(x);
  }
  if (!from.done() || role > 2 || out.intervals.empty())
    return damaged("member");
  out.role = static_cast<protocol::role>(role);
  return out;
}

result<floor_record> decode_floor(std::string_view in) {
  decoder from{in};
  floor_record out;
  out.position = from.u64();
  out.at = {static_cast<std::int64_t>(from.u64())};
  if (!from.done())
    return damaged("floor");
  return out;
}

result<device_record> decode_device(std::string_view in) {
  decoder from{in};
  device_record out;
  out.cursor = {from.u64()};
  out.seen = {static_cast<std::int64_t>(from.u64())};
  if (!from.done())
    return damaged("device");
  return out;
}

result<std::uint64_t> decode_number(std::string_view in) {
  decoder from{in};
  auto out = from.u64();
  if (!from.done())
    return damaged("number");
  return out;
}

} // namespace iris::actors
