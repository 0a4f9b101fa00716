#include "base/codec.hpp"

namespace iris {

namespace {

void big_endian(std::string& out, std::uint64_t x, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(x >> shift));
}

} // namespace

encoder& encoder::u8(std::uint8_t x) {
  out_.push_back(static_cast<char>(x));
  return *this;
}

encoder& encoder::u16(std::uint16_t x) {
  big_endian(out_, x, 2);
  return *this;
}

encoder& encoder::u32(std::uint32_t x) {
  big_endian(out_, x, 4);
  return *this;
}

encoder& encoder::u64(std::uint64_t x) {
  big_endian(out_, x, 8);
  return *this;
}

encoder& encoder::varint(std::uint64_t x) {
  for (; x >= 0x80; x >>= 7)
    out_.push_back(static_cast<char>(x | 0x80));
  out_.push_back(static_cast<char>(x));
  return *this;
}

encoder& encoder::bytes(std::string_view x) {
  return varint(x.size()).raw(x);
}

encoder& encoder::raw(std::string_view x) {
  out_.append(x);
  return *this;
}

std::string_view decoder::raw(std::size_t n) noexcept {
  if (failed_ || n > rest_.size()) {
    failed_ = true;
    return {};
  }
  auto out = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return out;
}

std::uint64_t decoder::fixed(std::size_t n) noexcept {
  std::uint64_t x = 0;
  for (char c : raw(n))
    x = (x << 8) | static_cast<std::uint8_t>(c);
  return x;
}

std::uint8_t decoder::u8() noexcept {
  return static_cast<std::uint8_t>(fixed(1));
}

std::uint16_t decoder::u16() noexcept {
  return static_cast<std::uint16_t>(fixed(2));
}

std::uint32_t decoder::u32() noexcept {
  return static_cast<std::uint32_t>(fixed(4));
}

std::uint64_t decoder::u64() noexcept {
  return fixed(8);
}

std::uint64_t decoder::varint() noexcept {
  std::uint64_t x = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    auto byte = u8();
    // The tenth byte has room for one bit.
    if (shift == 63 && byte > 1)
      break;
    x |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80)
      return failed_ ? 0 : x;
  }
  failed_ = true;
  return 0;
}

std::string_view decoder::bytes() noexcept {
  return raw(varint());
}

} // namespace iris
