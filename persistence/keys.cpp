#include "persistence/keys.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"
#include "base/hash.hpp"

namespace iris::persistence {

namespace {

void encode(encoder out, const actor_ref& who) {
  IRIS_ASSERT(who.id.size() <= 255);
  out.u8(static_cast<std::uint8_t>(who.kind))
    .u32(who.tenant.value)
    .u8(static_cast<std::uint8_t>(who.id.size()))
    .raw(who.id);
}

} // namespace

shard_id shard_of(const actor_ref& who, std::uint16_t shards) noexcept {
  std::string name;
  encode(encoder{name}, who);
  return {static_cast<std::uint16_t>(jump_hash(hash64(name), shards))};
}

std::string key_prefix(shard_id shard, const actor_ref& who) {
  std::string out;
  encoder to{out};
  encode(to.u16(shard.value), who);
  return out;
}

std::string prefix_end(std::string_view prefix) {
  std::string out{prefix};
  while (!out.empty() && out.back() == '\xff')
    out.pop_back();
  if (!out.empty())
    out.back() = static_cast<char>(out.back() + 1);
  return out;
}

result<actor_ref> owner_of(std::string_view key) {
  decoder in{key};
  in.u16();
  auto kind = in.u8();
  actor_ref out;
  out.tenant = {in.u32()};
  out.id = in.raw(in.u8());
  if (in.failed() || kind > static_cast<std::uint8_t>(actor_kind::controller))
    return error{errc::corrupt, "no actor has the key " + to_hex(key)
                                  + ", expected a shard, a kind from 0 to 3, "
                                    "a tenant and an id"};
  out.kind = static_cast<actor_kind>(kind);
  return out;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (auto c : bytes) {
    out += digits[static_cast<std::uint8_t>(c) >> 4];
    out += digits[static_cast<std::uint8_t>(c) & 15];
  }
  return out;
}

} // namespace iris::persistence
