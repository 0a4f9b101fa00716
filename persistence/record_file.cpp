#include "persistence/record_file.hpp"

#include "base/codec.hpp"

#include <algorithm>
#include <array>

namespace iris::persistence {

namespace {

constexpr std::size_t log_block_bytes = 32768;
constexpr std::size_t header_bytes = 7;

enum piece_type : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    auto x = i;
    for (int bit = 0; bit < 8; ++bit)
      x = (x >> 1) ^ ((x & 1) != 0 ? 0x82f63b78U : 0U);
    table[i] = x;
  }
  return table;
}

constexpr auto crc_table = make_crc_table();

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
std::uint32_t crc32c(std::string_view bytes) {
  auto x = ~std::uint32_t{0};
  for (char c : bytes)
    x = (x >> 8) ^ crc_table[(x ^ static_cast<std::uint8_t>(c)) & 0xff];
  return ~x;
}

/// LevelDB stores checksums masked, since a CRC of a CRC is weak.
std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t x = 0;
  for (auto i = bytes.size(); i-- > 0;)
    x = (x << 8) | static_cast<std::uint8_t>(bytes[i]);
  return x;
}

struct piece {
  std::uint8_t type = 0;
  std::string_view bytes;
};

/// The piece at `at`, when it is whole and undamaged.
std::optional<piece> piece_at(std::string_view file, std::size_t at) {
  auto block_end =
    std::min((at / log_block_bytes + 1) * log_block_bytes, file.size());
  auto rest = file.substr(at, block_end - at);
  if (rest.size() < header_bytes)
    return std::nullopt;
  auto length = little_endian(rest.substr(4, 2));
  auto type = static_cast<std::uint8_t>(rest[6]);
  if (type < full || type > last || header_bytes + length > rest.size()
      || masked(crc32c(rest.substr(6, 1 + length)))
           != little_endian(rest.substr(0, 4)))
    return std::nullopt;
  return piece{type, rest.substr(header_bytes, length)};
}

/// A header never crosses the end of a block: the last few bytes stay zero.
std::size_t skip_trailer(std::size_t at) {
  auto left = log_block_bytes - at % log_block_bytes;
  return left < header_bytes ? at + left : at;
}

/// Calls `visit` for each whole record until one is cut short or damaged.
template <class Visitor>
std::size_t visit_records(std::string_view file, Visitor&& visit) {
  std::size_t whole = 0;
  std::string record;
  bool inside = false;
  for (std::size_t at = 0;;) {
    at = skip_trailer(at);
    auto found = at < file.size() ? piece_at(file, at) : std::nullopt;
    auto begins = found && (found->type == full || found->type == first);
    if (!found || begins == inside)
      return whole;
    at += header_bytes + found->bytes.size();
    record.append(found->bytes);
    inside = found->type == first || found->type == middle;
    if (!inside) {
      visit(std::string_view{record});
      record.clear();
      whole = at;
    }
  }
}

/// Reads LevelDB's VersionEdit as far as it must be to find its log number.
std::optional<std::uint64_t> log_number_in(std::string_view edit) {
  std::optional<std::uint64_t> out;
  decoder in{edit};
  while (!in.failed() && !in.rest().empty()) {
    switch (in.varint()) {
    case 1: // comparator
      in.bytes();
      break;
    case 2: // log number
      out = in.varint();
      break;
    case 3: // next file
    case 4: // last sequence
    case 9: // previous log number
      in.varint();
      break;
    case 5: // compaction pointer
      in.varint();
      in.bytes();
      break;
    case 6: // deleted file
      in.varint();
      in.varint();
      break;
    case 7: // new file
      in.varint();
      in.varint();
      in.varint();
      in.bytes();
      in.bytes();
      break;
    default:
      return std::nullopt;
    }
  }
  return in.failed() ? std::nullopt : out;
}

} // namespace

std::size_t readable_bytes(std::string_view file) {
  return visit_records(file, [](std::string_view) {});
}

bool records_follow(std::string_view file, std::size_t damaged) {
  auto at = skip_trailer(damaged);
  auto inside = true;
  while (at < file.size()) {
    auto found = piece_at(file, at);
    if (found && !inside && (found->type == full || found->type == first))
      return true;
    // The length in a damaged header can't be trusted, so every offset is
    // tried; a chance hit needs a type, a length and 32 bits of checksum.
    at += found ? header_bytes + found->bytes.size() : 1;
    inside = false;
  }
  return false;
}

std::optional<std::uint64_t> log_number_of(std::string_view manifest) {
  std::optional<std::uint64_t> out;
  visit_records(manifest, [&out](std::string_view edit) {
    if (auto number = log_number_in(edit))
      out = number;
  });
  return out == 0 ? std::nullopt : out;
}

} // namespace iris::persistence
