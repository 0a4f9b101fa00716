#include "clients/cpp/id_source.hpp"

#include "base/codec.hpp"

#include <algorithm>

namespace iris::client {

namespace {

std::int64_t ms_of(std::chrono::nanoseconds x) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
}

/// The id a random step behind `x`: its last 62 bits count on.
message_id step(const message_id& x, random_source& random) {
  std::string bytes{x.bytes()};
  auto low = decoder{std::string_view{bytes}.substr(8)}.u64();
  bytes.resize(8);
  encoder{bytes}.u64(low + 1 + (random.next() & 0xffff'ffff));
  return message_id::from_bytes(bytes);
}

} // namespace

void id_source::set_clock(timestamp wall, nanoseconds now) noexcept {
  offset_ms_ = wall.ms - ms_of(now);
  if (time_of(last_).ms > wall.ms + ahead_ms_max)
    last_ = {};
}

message_id id_source::next(nanoseconds now, random_source& random) {
  timestamp at{std::max(offset_ms_ + ms_of(now), time_of(last_).ms)};
  auto out = make_message_id(at, random);
  if (out <= last_) {
    out = step(last_, random);
    // The counter ran over into the variant's bits.
    if (!is_uuid7(out))
      out = make_message_id({at.ms + 1}, random);
  }
  last_ = out;
  return out;
}

} // namespace iris::client
