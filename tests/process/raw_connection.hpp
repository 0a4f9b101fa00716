#pragma once

#include "clients/cpp/client.hpp"
#include "tests/process/real_node.hpp"

#include <vector>

namespace iris::process {

/// A client without manners on a real socket: sends what it is told, as often
/// as it is told, and keeps what it gets.
class raw_connection final : client::listener {
public:
  /// Connects; what is sent before that is done goes out then.
  raw_connection(boost::asio::io_context& io, const real_node& to,
                 const std::string& transport);
  ~raw_connection() override;

  void send(const protocol::client_frame& frame);
  /// hello and auth, as this user.
  void log_in(const user_id& who, const std::string& device,
              const std::string& token);

  /// Waits for so many frames of this type, in all, and gives them.
  /// Throws std::runtime_error if they don't come, and says what did.
  template <class Frame>
  std::vector<Frame> await(std::size_t count);

  void await_close();

  /// Throws std::runtime_error, which says what came, if it takes far too long.
  void run_until(const std::function<bool()>& done, const char* what);

  /// All that came so far.
  const std::vector<protocol::server_frame>& frames() const { return frames_; }

private:
  void link_up() override;
  void receive(std::string_view frame) override;
  void received_all() override {}
  void link_down(error reason) override;

  template <class Frame>
  std::vector<Frame> all() const;

  boost::asio::io_context& io_;
  std::shared_ptr<client::transport> transport_;
  bool up_ = false;
  std::vector<protocol::client_frame> waiting_;
  std::vector<protocol::server_frame> frames_;
};

template <class Frame>
std::vector<Frame> raw_connection::all() const {
  std::vector<Frame> out;
  for (const auto& x : frames_)
    if (const auto* found = std::get_if<Frame>(&x))
      out.push_back(*found);
  return out;
}

template <class Frame>
std::vector<Frame> raw_connection::await(std::size_t count) {
  run_until([&] { return all<Frame>().size() >= count; }, "more frames");
  return all<Frame>();
}

} // namespace iris::process
