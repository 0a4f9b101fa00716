#include "tests/sim/raw_client.hpp"

#include <stdexcept>

namespace iris::sim {

void raw_client::connect() {
  frames_.clear();
  closed_ = false;
  framer_ = std::make_shared<protocol::framer>();
  link::client_end end;
  end.received = [this, framer = framer_](std::string_view bytes) {
    auto fed = framer->feed(bytes, [this](std::string_view frame) {
      auto decoded = protocol::decode_server(frame);
      if (!decoded)
        throw std::runtime_error("the node sent no frame: "
                                 + to_string(decoded.failure()));
      frames_.push_back(std::move(*decoded));
      return true;
    });
    if (!fed)
      throw std::runtime_error("the node sent no frame");
  };
  end.closed = [this, framer = framer_] {
    if (framer == framer_)
      closed_ = true;
  };
  link_ = node_.connect(std::move(end));
  if (!link_)
    throw std::runtime_error("the node is down");
}

void raw_client::send(const protocol::client_frame& frame) {
  std::string bytes;
  protocol::encode_framed(frame, bytes);
  link_->client_send(std::move(bytes));
}

void raw_client::log_in(const std::string& user, const std::string& device,
                        std::optional<std::uint64_t> from) {
  connect();
  send(protocol::hello{});
  take<protocol::welcome>();
  send(protocol::auth{"token of " + user, *device_id::parse(device)});
  take<protocol::ready>();
  if (from)
    send(protocol::sync{{*from}});
}

void raw_client::wait_closed() {
  if (!world_.run(std::chrono::seconds{120}, [this] { return closed_; }))
    give_up("the end of the connection");
}

void raw_client::give_up(const std::string& expected) const {
  std::string text = "expected " + expected + ", found";
  for (const auto& x : frames_) {
    text += " ";
    text += protocol::type_name(x);
    if (auto* failure = std::get_if<protocol::failed>(&x))
      text += " (" + std::string{to_string(failure->code)} + ": "
              + failure->text + ")";
  }
  throw std::runtime_error(text + (closed_ ? ", then the end" : ""));
}

} // namespace iris::sim
