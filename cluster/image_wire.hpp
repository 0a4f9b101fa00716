#pragma once

#include "cluster/replica_check.hpp"
#include "persistence/log_store.hpp"
#include "persistence/shard_image.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What replicas of a shard say to each other about their state: when they
/// compare it, and when one copies the other's. Integers are big-endian,
/// "bytes" a varint length and the bytes:
///   request 1: copy u64 | min index u64 | after bytes
///   piece   2: copy u64 | after bytes | index u64 | term u64 | checksum u64
///              | configuration index u64 | configuration bytes
///              | count varint | key bytes, value bytes, …
///   refusal 3: copy u64 | code u16 | context bytes
///   has 4:     index u64 | checksum u64
///   differs 5: the same
///   holds 6:   index u64 | hash u64 | damage bytes
///   held differently 7: as 5
///   ask 8:     index u64
///   lacks 9:   the same
///   renew 10:  term u64
namespace iris::cluster {

/// Asks for the records behind the key `after`; the first request of a copy
/// (`after` is empty) for an image whose applied index is at least `min_index`.
struct image_request {
  /// Chosen by who asks, at random: names the image for later requests.
  std::uint64_t copy = 0;
  std::uint64_t min_index = 0;
  std::string after;

  bool operator==(const image_request&) const = default;
};

/// Without records: there are no more.
struct image_piece {
  std::uint64_t copy = 0;
  std::string after; ///< as asked
  persistence::applied_point applied;
  /// Encoded configuration in force at the applied index, and its own index.
  std::string configuration;
  std::uint64_t configuration_index = 0;
  std::vector<persistence::shard_record> records;

  bool operator==(const image_piece&) const = default;
};

/// There is no such image, or none that would do: begin another copy.
struct image_refusal {
  std::uint64_t copy = 0;
  error why;
};

/// What is compared: what was applied, or all that is held, read again.
enum class compared : std::uint8_t { applied, held };

/// To the leader: what this replica has at a checkpoint, or behind a mark.
struct image_has {
  checkpoint what;
  compared of = compared::applied;
  std::string damage = {}; ///< that was found while reading, if any
};

/// From the leader, to who has something else: what a majority has.
struct image_differs {
  checkpoint right;
  compared of = compared::applied;
};

/// From the leader: what this replica holds behind the mark at this index is
/// not known yet.
struct image_ask {
  std::uint64_t index = 0;
};

/// To the leader: it was never read, and the moment is over.
struct image_lacks {
  std::uint64_t index = 0;
};

/// To the leader: this replica lost its log, and may have said something in
/// terms up to this one. Only the image of a later leader has all of that.
struct image_renew {
  std::uint64_t term = 0;
};

using image_message =
  std::variant<image_request, image_piece, image_refusal, image_has,
               image_differs, image_ask, image_lacks, image_renew>;

void encode(const image_message& in, std::string& out);

/// Fails with corrupt.
result<image_message> decode_image_message(std::string_view bytes);

} // namespace iris::cluster
