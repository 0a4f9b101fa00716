#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iris::edge {

/// Bytes on their way to a socket that takes them in parts. What was taken is
/// given back also while something always waits, as it does for a client that
/// is a little slower than what it asks for.
class output_buffer {
public:
  std::size_t size() const noexcept { return bytes_.size() - taken_; }

  std::string_view waiting() const noexcept {
    return std::string_view{bytes_}.substr(taken_);
  }

  void append(std::string_view what) {
    if (bytes_.empty())
      bytes_.reserve(first_bytes);
    bytes_.append(what);
  }

  /// The socket took the first `n` bytes. Precondition: n <= size().
  void took(std::size_t n) {
    taken_ += n;
    // Moving what is left costs no more than what was taken did.
    if (taken_ >= size()) {
      bytes_.erase(0, taken_);
      taken_ = 0;
    }
    // An idle connection holds no buffer.
    if (bytes_.empty())
      std::string{}.swap(bytes_);
  }

  /// Memory that this takes.
  std::size_t capacity() const noexcept { return bytes_.capacity(); }

private:
  /// Most of what leaves at once fits into this.
  static constexpr std::size_t first_bytes = 1024;

  std::string bytes_;
  std::size_t taken_ = 0;
};

} // namespace iris::edge
