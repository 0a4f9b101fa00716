#include "protocol/framer.hpp"

#include "base/codec.hpp"

#include <algorithm>

namespace iris::protocol {

result<std::size_t> framer::announced(std::string_view head) const {
  auto length = decoder{head}.u32();
  if (length == 0)
    return error{errc::bad_frame,
                 "expected a frame of at least 1 byte, found length 0"};
  if (length > frame_max_)
    return error{errc::frame_too_large,
                 "expected a frame of at most " + std::to_string(frame_max_)
                   + " bytes, found " + std::to_string(length)};
  return header_bytes + length;
}

void framer::keep(std::string_view& bytes, std::size_t total) {
  auto n = std::min(bytes.size(), total - partial_.size());
  auto size = partial_.size() + n;
  // By what came, not by what was announced: announcing costs the peer nothing.
  if (partial_.capacity() < size)
    partial_.reserve(std::min(total, 2 * size));
  partial_.append(bytes.substr(0, n));
  bytes.remove_prefix(n);
}

result<std::string_view> framer::next(std::string_view& bytes,
                                      std::string& joined) {
  if (!partial_.empty())
    keep(bytes, std::max(partial_.size(), header_bytes));
  auto head = partial_.empty() ? bytes : std::string_view{partial_};
  if (head.size() < header_bytes) {
    keep(bytes, header_bytes);
    return std::string_view{};
  }
  auto total = announced(head);
  if (!total) {
    std::string{}.swap(partial_);
    return total.failure();
  }
  if (partial_.empty() && bytes.size() >= *total) {
    auto frame = bytes.substr(header_bytes, *total - header_bytes);
    bytes.remove_prefix(*total);
    return frame;
  }
  keep(bytes, *total);
  if (partial_.size() < *total)
    return std::string_view{};
  joined.swap(partial_);
  return std::string_view{joined}.substr(header_bytes);
}

} // namespace iris::protocol
