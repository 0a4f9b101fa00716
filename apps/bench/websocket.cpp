#include "apps/bench/websocket.hpp"

#include "clients/cpp/reasons.hpp"
#include "protocol/frames.hpp"

#include <cstdint>

namespace iris::bench {

namespace {

constexpr std::size_t answer_bytes_max = 8 * 1024;
constexpr unsigned whole_binary = 0x82; ///< FIN, opcode 2
constexpr unsigned whole_close = 0x88;
/// Lengths that stand for one of 16 or 64 bits behind them.
constexpr std::size_t length_16 = 126;
constexpr std::size_t length_64 = 127;

unsigned byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<unsigned char>(bytes[i]);
}

} // namespace

std::string websocket::request(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost: " + host
         + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Version: 13\r\n\r\n";
}

void websocket::wrap(std::string_view message, std::string& out) {
  constexpr std::size_t masked = 0x80;
  auto n = message.size();
  auto length_bytes = n < length_16 ? 0 : n <= UINT16_MAX ? 2 : 8;
  auto length = length_bytes == 0   ? n
                : length_bytes == 2 ? length_16
                                    : length_64;
  out.push_back(static_cast<char>(whole_binary));
  out.push_back(static_cast<char>(masked | length));
  for (int i = length_bytes - 1; i >= 0; --i)
    out.push_back(static_cast<char>(n >> (8 * i)));
  out.append(4, '\0');
  out.append(message);
}

result<bool> websocket::upgraded(std::string_view& bytes) {
  namespace reasons = client::reasons;
  constexpr std::string_view http = "HTTP/1.", end = "\r\n\r\n";
  constexpr std::size_t status_at = http.size() + 2, status_bytes = 3;
  auto before = partial_.size();
  partial_.append(bytes.substr(0, answer_bytes_max));
  // Who speaks something else may wait for more of us now.
  if (!partial_.starts_with(http.substr(0, partial_.size())))
    return error{errc::no_connection, std::string{reasons::not_websocket}};
  auto at = partial_.find(end);
  if (at == partial_.npos && partial_.size() < answer_bytes_max)
    return false;
  auto status = partial_.substr(status_at, status_bytes);
  if (at == partial_.npos || status != "101")
    return error{errc::no_connection, std::string{reasons::declined} + status};
  bytes.remove_prefix(at + end.size() - before);
  partial_.clear();
  return true;
}

result<std::optional<std::string_view>>
websocket::next(std::string_view& bytes) {
  using found = std::optional<std::string_view>;
  if (bytes.size() < 2)
    return found{};
  if (byte_at(bytes, 0) == whole_close)
    return error{errc::no_connection, "the node closed the connection"};
  if (byte_at(bytes, 0) != whole_binary)
    return error{errc::bad_frame, "expected a whole binary message"};
  std::size_t length = byte_at(bytes, 1);
  if (length > length_64)
    return error{errc::bad_frame, "expected a message without a mask"};
  std::size_t length_bytes = length == length_64   ? 8
                             : length == length_16 ? 2
                                                   : 0;
  auto head = 2 + length_bytes;
  if (bytes.size() < head)
    return found{};
  if (length_bytes > 0)
    length = 0;
  for (std::size_t i = 2; i < head; ++i)
    length = length << 8 | byte_at(bytes, i);
  if (length > protocol::limits::frame_bytes_max)
    return error{errc::frame_too_large,
                 "expected a message of at most "
                   + std::to_string(protocol::limits::frame_bytes_max)
                   + " bytes, found " + std::to_string(length)};
  if (bytes.size() - head < length)
    return found{};
  auto message = bytes.substr(head, length);
  bytes.remove_prefix(head + length);
  return found{message};
}

} // namespace iris::bench
