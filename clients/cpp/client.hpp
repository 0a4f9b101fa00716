#pragma once

#include "clients/cpp/core.hpp"
#include "clients/cpp/transport.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>

namespace iris::client {

/// A user's device: the core with sockets and timers. Lives in the thread
/// that runs its io_context; so do its events. Destroying it, or its
/// io_context, from inside of the event handler is not allowed.
class client final : sink, listener {
public:
  using handler = std::function<void(event)>;

  /// `tls` is needed for tls:// and wss://, and may be shared.
  client(boost::asio::io_context& io, options with, handler on_event,
         std::shared_ptr<const tls_context> tls = nullptr);
  ~client() override;

  void start();
  void stop();

  // See core for what these mean and fail with.

  template <class To>
  result<message_id> send(const To& to, std::string body) {
    return rearmed(core_.send(to, std::move(body), now()));
  }
  result<message_id> send(protocol::send x) {
    return rearmed(core_.send(std::move(x), now()));
  }
  result<message_id> create_group(std::string title,
                                  std::vector<user_id> members) {
    return rearmed(
      core_.create_group(std::move(title), std::move(members), now()));
  }
  result<message_id> add(const conversation_id& to,
                         std::vector<user_id> users) {
    return rearmed(core_.add(to, std::move(users), now()));
  }
  result<message_id> remove(const conversation_id& from,
                            std::vector<user_id> users) {
    return rearmed(core_.remove(from, std::move(users), now()));
  }
  result<message_id> leave(const conversation_id& what) {
    return rearmed(core_.leave(what, now()));
  }

  /// `from` inclusive; `back`: towards older ones, which come oldest first,
  /// too.
  result<std::uint64_t>
  history(const conversation_id& of, sequence from,
          std::uint32_t limit = protocol::limits::page_max, bool back = false) {
    return ask(protocol::history{0, of, from, limit, back});
  }
  result<std::uint64_t> status(std::vector<user_id> of) {
    return ask(protocol::status{0, std::move(of)});
  }
  result<std::uint64_t>
  conversations(std::optional<conversation_id> after = {},
                std::uint32_t limit = protocol::limits::page_max) {
    return ask(protocol::conversations{0, after, limit});
  }
  result<std::uint64_t> roster(const conversation_id& of) {
    return ask(protocol::roster{0, of});
  }
  result<std::uint64_t> devices() { return ask(protocol::devices{}); }
  result<std::uint64_t> remove_device(const device_id& which) {
    return ask(protocol::device_remove{0, which});
  }
  result<std::uint64_t> ask(request what) {
    return rearmed(core_.ask(std::move(what), now()));
  }

  result<void> ack(inbox_offset upto);

  iris::client::state state() const noexcept { return core_.state(); }
  inbox_offset position() const noexcept { return core_.position(); }
  const user_id& user() const noexcept { return core_.user(); }
  std::size_t unanswered() const noexcept { return core_.unanswered(); }
  const error& refusal() const noexcept { return core_.refusal(); }

private:
  using nanoseconds = std::chrono::nanoseconds;

  // -- what the core wants
  void connect(const std::string& endpoint) override;
  void write(const protocol::client_frame& frame) override;
  void close() override;
  void handle(event what) override;

  // -- what the transport says
  void link_up() override;
  void receive(std::string_view frame) override;
  void received_all() override;
  void link_down(error reason) override;

  static nanoseconds now() { return system_clock().steady_now(); }
  template <class T>
  T rearmed(T x) {
    rearm();
    return x;
  }
  void rearm();

  boost::asio::io_context& io_;
  handler on_event_;
  std::shared_ptr<const tls_context> tls_;
  std::shared_ptr<transport> transport_;
  boost::asio::steady_timer timer_;
  /// When the timer fires; deadlines mostly move back, the timer does not.
  nanoseconds armed_ = nanoseconds::max();
  bool ack_scheduled_ = false;
  /// Handlers that outlive us must not call us.
  std::shared_ptr<client*> self_ = std::make_shared<client*>(this);
  core core_;
};

/// Runs `io` until `done()` or `limit` has passed; whether it is done. For
/// scripts and tests; not from inside of a handler.
bool run_until(boost::asio::io_context& io, const std::function<bool()>& done,
               std::chrono::milliseconds limit);

} // namespace iris::client
