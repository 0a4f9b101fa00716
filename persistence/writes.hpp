#pragma once

#include "base/codec.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace iris::persistence {

/// What a value has before its payload.
inline constexpr std::size_t checksum_bytes = 4;

/// The error of visit_writes.
error malformed_writes(std::size_t offset);

/// A list of changes to the state store, encoded as it stands in a Raft entry:
///   put   0x01 | key length varint | key | value length varint | value
///   erase 0x02 | key length varint | key
///   erase range [first, last) 0x03 | first | last, each with its length
/// A value begins with a checksum of key and payload (32 bits of XXH3), made
/// here and verified by every read.
class writes {
public:
  void put(std::string_view key, std::string_view payload);
  void erase(std::string_view key);
  /// Keep ranges small: applying one reads and deletes key by key.
  void erase_range(std::string_view first, std::string_view last);

  const std::string& bytes() const noexcept { return bytes_; }
  bool empty() const noexcept { return bytes_.empty(); }
  void clear() noexcept { bytes_.clear(); }
  void append(const writes& more) { bytes_ += more.bytes_; }
  std::string take() noexcept { return std::exchange(bytes_, {}); }

  /// Whether every key begins with `prefix`. For a range: both ends, where
  /// the excluded one may be prefix_end(prefix).
  bool only_below(std::string_view prefix) const;

private:
  std::string bytes_;
};

/// Calls visitor.put(key, checksummed value), .erase(key), .erase_range(first,
/// last) in order. Fails with corrupt when `encoded` is not well-formed; what
/// came before has been visited then.
template <class Visitor>
result<void> visit_writes(std::string_view encoded, Visitor&& visitor) {
  decoder in{encoded};
  while (!in.rest().empty()) {
    auto kind = in.u8();
    auto key = in.bytes();
    auto second =
      kind == 0x01 || kind == 0x03 ? in.bytes() : std::string_view{};
    if (in.failed() || kind < 0x01 || kind > 0x03
        || (kind == 0x01 && second.size() < checksum_bytes))
      return malformed_writes(encoded.size() - in.rest().size());
    if (kind == 0x01)
      visitor.put(key, second);
    else if (kind == 0x02)
      visitor.erase(key);
    else
      visitor.erase_range(key, second);
  }
  return {};
}

/// A value as it is stored: checksum of key and payload, then the payload.
std::string checked_value(std::string_view key, std::string_view payload);

/// Strips and verifies the checksum. Fails with corrupt, naming the key in hex.
result<std::string_view> checked_payload(std::string_view key,
                                         std::string_view value);

} // namespace iris::persistence
