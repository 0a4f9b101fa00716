// What is read from disk as if anybody had written it: keys, the writes of an
// entry, values of the log, LevelDB's record files, the identity.
#include "persistence/keys.hpp"
#include "base/assert.hpp"
#include "persistence/identity.hpp"
#include "persistence/log_format.hpp"
#include "persistence/record_file.hpp"
#include "persistence/writes.hpp"

#include <cstddef>
#include <cstdint>

using namespace iris;
using namespace iris::persistence;

namespace {

/// Makes the writes again that it is shown.
struct copier {
  writes out;

  void put(std::string_view key, std::string_view value) {
    if (auto payload = checked_payload(key, value))
      out.put(key, *payload);
    else
      whole = false;
  }
  void erase(std::string_view key) { out.erase(key); }
  void erase_range(std::string_view first, std::string_view last) {
    out.erase_range(first, last);
  }

  bool whole = true;
};

void try_key(std::string_view bytes) {
  auto owner = owner_of(bytes);
  if (!owner)
    return;
  shard_id shard{decoder{bytes}.u16()};
  IRIS_ASSERT(bytes.starts_with(key_prefix(shard, *owner)));
}

void try_writes(std::string_view bytes) {
  copier copy;
  if (!visit_writes(bytes, copy) || !copy.whole)
    return;
  // Lengths may be written longer than need be, so only the second copy is
  // the same.
  copier again;
  IRIS_ASSERT(static_cast<bool>(visit_writes(copy.out.bytes(), again)));
  IRIS_ASSERT(again.whole && again.out.bytes() == copy.out.bytes());
}

void try_log(std::string_view bytes) {
  if (auto entry = decode_entry({1}, 2, bytes))
    IRIS_ASSERT(encode_entry({1}, 2, *entry) == bytes);
  if (auto state = decode_hard_state({1}, bytes))
    IRIS_ASSERT(encode_hard_state({1}, *state) == bytes);
  if (auto floor = decode_floor({1}, bytes))
    IRIS_ASSERT(encode_floor({1}, *floor) == bytes);
  if (auto starts = decode_incarnation(bytes))
    IRIS_ASSERT(encode_incarnation(*starts) == bytes);
  // An older form is read as well.
  if (auto peer = decode_peer({1}, bytes))
    IRIS_ASSERT(*decode_peer({1}, encode_peer({1}, *peer)) == *peer);
  if (auto start = decode_start(1, bytes))
    IRIS_ASSERT(encode_start(1, *start) == bytes);
}

void try_record_file(std::string_view bytes) {
  auto readable = readable_bytes(bytes);
  IRIS_ASSERT(readable <= bytes.size());
  IRIS_ASSERT(readable_bytes(bytes.substr(0, readable)) == readable);
  IRIS_ASSERT(!records_follow(bytes.substr(0, readable), readable));
  static_cast<void>(records_follow(bytes, readable));
  static_cast<void>(log_number_of(bytes));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view bytes{reinterpret_cast<const char*>(data), size};
  try_key(bytes);
  try_writes(bytes);
  try_log(bytes);
  try_record_file(bytes);
  if (auto who = parse_identity(bytes))
    IRIS_ASSERT(encode(*who) == bytes);
  return 0;
}
