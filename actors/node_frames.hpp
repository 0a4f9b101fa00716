#pragma once

#include "actors/interfaces.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <variant>

/// What the actors of different nodes tell each other, as bytes. Pure: any
/// thread.
///
///   command: version u8, kind u8 (1, 2, …), shard u16, process u64,
///            connection u64, the command's fields
///   leading: version u8, kind u8 (129), a count, and as many: shard, term
///   answer:  version u8, kind u8 (65, 66, …), process u64, connection u64,
///            the answer's fields
///
/// Fields stand in the order of their structs. Numbers are varints; ids of 16
/// bytes stand as they are; names, strings and items are a length and bytes;
/// lists a count and the elements; what may be absent is behind a 0 or a 1;
/// alternatives are behind their position. Handles are left out.
namespace iris::actors {

inline constexpr std::uint8_t node_frame_version = 1;
/// Of any frame; a longer one is refused.
inline constexpr std::size_t node_frame_bytes_max = 1024 * 1024;

/// A connection as its own node knows it. None: the number 0.
struct connection_key {
  /// Differs from process to process of a node: numbers begin anew in each.
  std::uint64_t process = 0;
  caf::actor_id number = caf::invalid_actor_id;

  auto operator<=>(const connection_key&) const = default;
};

/// What a shard on another node is asked. The position is the kind: new ones
/// go to the end.
using shard_command =
  std::variant<submit, read_history, read_roster, fanned_out, fan_out,
               open_inbox, close_inbox, read_inbox, acknowledge, read_statuses,
               list_conversations, list_devices, remove_device, change_cluster,
               compare_shard>;

/// What a connection on another node is told. As above.
using connection_answer =
  std::variant<submitted, attached, inbox_page, answered, cut_off, detached,
               lost, shard_compared>;

/// The command's handle is that of nobody, the id of a close_inbox none.
struct command_frame {
  shard_id where;
  connection_key from;
  shard_command what;
};

struct answer_frame {
  connection_key to;
  connection_answer what;
};

/// What its sender leads now. It says so whenever that changes, and now and
/// then: nodes without a replica of a shard have no other way to know.
struct leading_frame {
  struct led {
    shard_id shard;
    std::uint64_t term = 0;
  };

  std::vector<led> list;
};

using node_frame = std::variant<command_frame, answer_frame, leading_frame>;

std::string encode(const command_frame& what);
std::string encode(const answer_frame& what);
std::string encode(const leading_frame& what);

/// Fails with bad_frame, naming what was expected. Allocates no more than the
/// input's size times a small constant.
result<node_frame> decode_node_frame(std::string_view bytes);

} // namespace iris::actors
