#include "tests/process/raw_connection.hpp"

#include "protocol/codec.hpp"
#include "tests/process/looks.hpp"

#include <stdexcept>

namespace iris::process {

raw_connection::raw_connection(boost::asio::io_context& io, const real_node& to,
                               const std::string& transport)
  : io_(io), transport_(client::connect(
               io, *client::url::parse(to.url(transport)), to.trust(), *this)) {
  // nop
}

raw_connection::~raw_connection() {
  if (transport_)
    transport_->close();
}

void raw_connection::send(const protocol::client_frame& frame) {
  if (up_)
    transport_->send(frame);
  else
    waiting_.push_back(frame);
}

void raw_connection::log_in(const user_id& who, const std::string& device,
                            const std::string& token) {
  send(protocol::hello{});
  send(protocol::auth{token, *device_id::parse(device)});
  auto ready = await<protocol::ready>(1);
  if (ready.at(0).user != who)
    throw std::runtime_error("the node took us for somebody else");
}

void raw_connection::await_close() {
  run_until([this] { return transport_ == nullptr; }, "the end");
}

void raw_connection::run_until(const std::function<bool()>& done,
                               const char* what) {
  if (client::run_until(io_, done, enough))
    return;
  auto text = std::string{"expected "} + what + ", found";
  for (const auto& x : frames_)
    text += " " + std::string{protocol::type_name(x)};
  throw std::runtime_error(text);
}

void raw_connection::link_up() {
  up_ = true;
  for (const auto& x : std::exchange(waiting_, {}))
    transport_->send(x);
}

void raw_connection::receive(std::string_view frame) {
  auto decoded = protocol::decode_server(frame);
  if (!decoded)
    throw std::runtime_error("the node sent no frame: "
                             + to_string(decoded.failure()));
  frames_.push_back(std::move(*decoded));
}

void raw_connection::link_down(error) {
  up_ = false;
  transport_.reset();
}

} // namespace iris::process
