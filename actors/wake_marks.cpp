#include "actors/durable.hpp"
#include "base/codec.hpp"

namespace iris::actors {

namespace {

using persistence::actor_kind;
using persistence::actor_ref;

constexpr char wake_record = 'W';

const actor_ref shard_itself{actor_kind::shard, {0}, {}};

} // namespace

std::string wake_prefix(shard_id shard) {
  return persistence::key_prefix(shard, shard_itself) + wake_record;
}

std::string wake_key(shard_id shard, const actor_ref& who) {
  auto key = wake_prefix(shard);
  encoder{key}
    .u8(static_cast<std::uint8_t>(who.kind))
    .u32(who.tenant.value)
    .raw(who.id);
  return key;
}

result<actor_ref> decode_wake(std::string_view key, shard_id shard) {
  decoder in{key.substr(wake_prefix(shard).size())};
  actor_ref who;
  who.kind = static_cast<actor_kind>(in.u8());
  who.tenant = {in.u32()};
  who.id = in.rest();
  if (in.failed() || who.id.empty())
    return error{errc::corrupt, "expected a wake mark"};
  return who;
}

} // namespace iris::actors
