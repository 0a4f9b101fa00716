#pragma once

#include "base/ids.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

/// The keys of the state store, as docs/storage.md gives them:
///   shard u16 | kind u8 | tenant u32 | id length u8 | id | record u8 | suffix
/// all big-endian, so that one actor's records stand together and in order.
namespace iris::persistence {

/// Whose records. Numbers are on disk: never change one.
enum class actor_kind : std::uint8_t {
  shard = 0, ///< the shard's own: applied index, wake marks
  conversation = 1,
  user = 2,
  controller = 3, ///< of the control group: the cluster's map
};

using tenant_id = number<struct tenant_tag, std::uint32_t>;

/// The tenant of every user until an operator makes others.
inline constexpr tenant_id main_tenant{1};

/// Names a durable actor in the whole cluster.
struct actor_ref {
  actor_kind kind = actor_kind::shard;
  tenant_id tenant = main_tenant;
  std::string id; ///< at most 255 bytes

  auto operator<=>(const actor_ref&) const = default;
};

/// Where the actor lives, given the cluster's number of shards, at least 1.
/// Precondition, here and below: the id has at most 255 bytes.
shard_id shard_of(const actor_ref& who, std::uint16_t shards) noexcept;

/// What every key of `who` begins with.
std::string key_prefix(shard_id shard, const actor_ref& who);

/// The smallest key that is greater than all keys that begin with `prefix`.
/// Empty when there is none.
std::string prefix_end(std::string_view prefix);

/// The actor that `key` belongs to. Fails with corrupt.
result<actor_ref> owner_of(std::string_view key);

/// For texts.
std::string to_hex(std::string_view bytes);

} // namespace iris::persistence

template <>
struct std::hash<iris::persistence::actor_ref> {
  std::size_t operator()(const iris::persistence::actor_ref& x) const noexcept {
    return std::hash<std::string>{}(x.id) * 31
           + static_cast<std::size_t>(x.kind) + x.tenant.value * 257U;
  }
};
