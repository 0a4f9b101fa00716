#pragma once

#include "protocol/frames.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace iris::process {

/// Somebody who writes any bytes to a port of this machine and reads what
/// comes back. While it waits, the others of its io_context go on. Waits end
/// with std::runtime_error when they take far too long.
class raw_socket {
public:
  /// Connects. With `small_buffers` the kernel keeps little that is unread.
  raw_socket(boost::asio::io_context& io, std::uint16_t port,
             bool small_buffers = false);

  ~raw_socket();
  raw_socket(const raw_socket&) = delete;
  raw_socket& operator=(const raw_socket&) = delete;

  /// Waits until the kernel has all. The node may be gone already: then the
  /// rest is dropped.
  void write(std::string_view bytes);
  /// Writes as soon as the node takes it, while anybody waits.
  void say(std::string_view bytes);
  /// Writes `block` again and again, without reading, until so many bytes have
  /// been taken from us, and goes on while anybody waits.
  void flood(std::string block, std::size_t until_bytes);
  /// Reads until the node has closed; all that was read so far. Outside of
  /// these two nobody reads.
  const std::string& read_to_end();
  /// Reads until `done` says so of all that was read so far.
  const std::string&
  read_until(const std::function<bool(std::string_view)>& done);

  /// Nothing more to come from us: FIN.
  void end_output();
  /// Gone without a word: RST.
  void reset();

private:
  void read_more();
  void say_on();
  void write_on();
  void close();
  void wait_for(const std::function<bool()>& done, const char* what);

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::socket socket_;
  char chunk_[4096];
  std::string read_;
  bool reading_ = false;
  bool ended_ = false;
  std::string unsaid_;
  std::string saying_; ///< under way
  std::string block_;
  std::size_t flooded_ = 0;
};

/// With the length before it, as TCP and TLS have it.
std::string framed(std::string_view frame);

/// What a node wrote, in short: "welcome then pong", and for an error its code
/// and whether it was fatal: "bad_frame, fatal". Throws std::runtime_error
/// unless these are whole frames.
std::string summary(std::string_view stream);
std::string summary_of(const protocol::server_frame& frame);

} // namespace iris::process
