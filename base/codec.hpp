#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace iris {

/// Appends integers and byte strings to a buffer. Integers are big-endian, so
/// that encoded keys sort as their values do; lengths are LEB128 varints.
class encoder {
public:
  explicit encoder(std::string& out) noexcept : out_(out) {}

  encoder& u8(std::uint8_t x);
  encoder& u16(std::uint16_t x);
  encoder& u32(std::uint32_t x);
  encoder& u64(std::uint64_t x);
  encoder& varint(std::uint64_t x);
  /// Length, then the bytes.
  encoder& bytes(std::string_view x);
  /// The bytes alone.
  encoder& raw(std::string_view x);

private:
  std::string& out_;
};

/// Reads what `encoder` wrote, from untrusted bytes. The first read past the
/// end makes the decoder fail for good: every later read gives zero or empty,
/// so callers check once, at the end. Views point into the input.
class decoder {
public:
  explicit decoder(std::string_view in) noexcept : rest_(in) {}

  std::uint8_t u8() noexcept;
  std::uint16_t u16() noexcept;
  std::uint32_t u32() noexcept;
  std::uint64_t u64() noexcept;
  std::uint64_t varint() noexcept;
  std::string_view bytes() noexcept;
  std::string_view raw(std::size_t n) noexcept;

  std::string_view rest() const noexcept { return rest_; }
  bool failed() const noexcept { return failed_; }
  /// Read to the end, and nothing was wrong.
  bool done() const noexcept { return !failed_ && rest_.empty(); }

private:
  std::uint64_t fixed(std::size_t n) noexcept;

  std::string_view rest_;
  bool failed_ = false;
};

} // namespace iris
