#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace iris::admin {

/// A client that blocks, sends any bytes, and reads the answers as they are.
/// Each wait ends after 20 s, with what has come until then.
class client {
public:
  explicit client(std::uint16_t port);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// False if the peer has closed.
  bool send(std::string_view bytes);
  /// Sends no more, but still reads.
  void finish();
  /// One answer, header and body. `HEAD` answers have no body.
  std::string answer(bool has_body = true);
  /// Everything until the peer closes.
  std::string rest();
  /// Whether the peer threw the connection away instead of ending it.
  bool reset() const noexcept { return reset_; }

private:
  bool more();

  int fd_;
  bool reset_ = false;
  std::string received_;
};

/// Sends one request on a connection of its own and gives all that came back.
std::string talk(std::uint16_t port, std::string_view bytes);

/// The body of an answer.
std::string_view body_of(std::string_view answer);

} // namespace iris::admin
