#include "persistence/writes.hpp"

#include "base/hash.hpp"
#include "persistence/keys.hpp"

namespace iris::persistence {

namespace {

std::uint32_t checksum(std::string_view key, std::string_view payload) {
  return static_cast<std::uint32_t>(hash64(payload, hash64(key)));
}

struct prefix_check {
  std::string_view prefix;
  std::string end;
  bool holds = true;

  void put(std::string_view key, std::string_view) { erase(key); }
  void erase(std::string_view key) { holds = holds && key.starts_with(prefix); }
  void erase_range(std::string_view first, std::string_view last) {
    holds = holds && first.starts_with(prefix)
            && (last.starts_with(prefix) || last == end);
  }
};

} // namespace

void writes::put(std::string_view key, std::string_view payload) {
  encoder out{bytes_};
  out.u8(0x01).bytes(key).varint(payload.size() + checksum_bytes);
  out.u32(checksum(key, payload)).raw(payload);
}

void writes::erase(std::string_view key) {
  encoder{bytes_}.u8(0x02).bytes(key);
}

void writes::erase_range(std::string_view first, std::string_view last) {
  encoder{bytes_}.u8(0x03).bytes(first).bytes(last);
}

bool writes::only_below(std::string_view prefix) const {
  prefix_check check{prefix, prefix_end(prefix)};
  return visit_writes(bytes_, check) && check.holds;
}

error malformed_writes(std::size_t offset) {
  return {errc::corrupt,
          "the writes of an entry are damaged at byte " + std::to_string(offset)
            + ", expected a put, an erase or an erase of a range"};
}

std::string checked_value(std::string_view key, std::string_view payload) {
  std::string out;
  out.reserve(checksum_bytes + payload.size());
  encoder{out}.u32(checksum(key, payload)).raw(payload);
  return out;
}

result<std::string_view> checked_payload(std::string_view key,
                                         std::string_view value) {
  decoder in{value};
  auto stored = in.u32();
  if (in.failed() || stored != checksum(key, in.rest()))
    return error{errc::corrupt,
                 "the value of key " + to_hex(key)
                   + " is damaged, expected it to match its checksum"};
  return in.rest();
}

} // namespace iris::persistence
