#include "tests/process/raw_socket.hpp"

#include "clients/cpp/client.hpp"
#include "protocol/codec.hpp"
#include "protocol/framer.hpp"
#include "tests/process/looks.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <stdexcept>
#include <utility>

namespace iris::process {

namespace {

using boost::asio::ip::tcp;
using error_code = boost::system::error_code;

constexpr int small_bytes = 4096;

} // namespace

raw_socket::raw_socket(boost::asio::io_context& io, std::uint16_t port,
                       bool small_buffers)
  : io_(io), socket_(io, tcp::v4()) {
  if (small_buffers) {
    socket_.set_option(tcp::socket::receive_buffer_size(small_bytes));
    socket_.set_option(tcp::socket::send_buffer_size(small_bytes));
  }
  socket_.connect({boost::asio::ip::address_v4::loopback(), port});
}

raw_socket::~raw_socket() {
  close();
}

void raw_socket::write(std::string_view bytes) {
  auto written = false;
  boost::asio::async_write(
    socket_, boost::asio::buffer(bytes.data(), bytes.size()),
    [&written](error_code, std::size_t) { written = true; });
  wait_for([&] { return written; }, "that the node takes bytes");
}

void raw_socket::say(std::string_view bytes) {
  unsaid_ += bytes;
  if (saying_.empty())
    say_on();
}

void raw_socket::say_on() {
  saying_ = std::exchange(unsaid_, {});
  if (saying_.empty())
    return;
  boost::asio::async_write(socket_, boost::asio::buffer(saying_),
                           [this](error_code failed, std::size_t) {
                             if (!failed)
                               say_on();
                           });
}

void raw_socket::flood(std::string block, std::size_t until_bytes) {
  block_ = std::move(block);
  write_on();
  wait_for([&] { return flooded_ >= until_bytes; }, "a flood");
}

void raw_socket::write_on() {
  boost::asio::async_write(socket_, boost::asio::buffer(block_),
                           [this](error_code failed, std::size_t n) {
                             if (failed)
                               return;
                             flooded_ += n;
                             write_on();
                           });
}

const std::string& raw_socket::read_to_end() {
  return read_until([](auto) { return false; });
}

const std::string&
raw_socket::read_until(const std::function<bool(std::string_view)>& done) {
  auto satisfied = [&] {
    if (ended_ || done(read_))
      return true;
    read_more();
    return false;
  };
  wait_for(satisfied, "more bytes or the end");
  return read_;
}

void raw_socket::read_more() {
  if (std::exchange(reading_, true))
    return;
  socket_.async_read_some(boost::asio::buffer(chunk_),
                          [this](error_code failed, std::size_t n) {
                            read_.append(chunk_, n);
                            reading_ = false;
                            ended_ = failed.failed();
                          });
}

void raw_socket::end_output() {
  error_code gone;
  socket_.shutdown(tcp::socket::shutdown_send, gone);
}

void raw_socket::reset() {
  socket_.set_option(boost::asio::socket_base::linger{true, 0});
  close();
}

void raw_socket::close() {
  error_code ignored;
  socket_.close(ignored);
  // What was under way must not come back to a socket that is no more.
  io_.poll();
}

void raw_socket::wait_for(const std::function<bool()>& done, const char* what) {
  if (!client::run_until(io_, done, enough))
    throw std::runtime_error(std::string{"expected "} + what + ", read "
                             + std::to_string(read_.size()) + " bytes");
}

std::string framed(std::string_view frame) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(frame.size() >> shift));
  return out.append(frame);
}

std::string summary_of(const protocol::server_frame& frame) {
  const auto* error = std::get_if<protocol::failed>(&frame);
  if (error == nullptr)
    return std::string{protocol::type_name(frame)};
  return std::string{to_string(error->code)} + (error->fatal ? ", fatal" : "");
}

std::string summary(std::string_view stream) {
  std::string out;
  protocol::framer split;
  auto fed = split.feed(stream, [&](std::string_view bytes) {
    auto frame = protocol::decode_server(bytes);
    if (!frame)
      throw std::runtime_error(to_string(frame.failure()));
    out += (out.empty() ? "" : " then ") + summary_of(*frame);
    return true;
  });
  if (!fed)
    throw std::runtime_error(to_string(fed.failure()));
  if (split.pending() > 0)
    throw std::runtime_error("expected whole frames of the node");
  return out;
}

} // namespace iris::process
