#pragma once

#include "actors/attachment.hpp"
#include "actors/environment.hpp"
#include "actors/session.hpp"

#include <memory>
#include <string>

namespace iris::actors {

/// The transport's side of a connection, without the bytes' form. Called on
/// the connection's unit only.
class wire {
public:
  virtual ~wire() = default;

  /// Queues one encoded frame. What is queued in one turn leaves as one write.
  virtual void send(std::string_view frame) = 0;

  /// Read on: the connection has dealt with the last `inbound`.
  virtual void resume() = 0;

  /// The client is known: from now on frames are read up to frame_bytes_max,
  /// before only up to login_frame_bytes_max (protocol::limits).
  virtual void logged_in() = 0;

  /// Bytes queued and not yet taken by the operating system.
  virtual std::size_t queued() const = 0;

  /// The client's address, for the log; empty if there is none.
  virtual std::string peer() const { return {}; }

  /// Sends what is queued, then closes. Nothing is delivered after that.
  virtual void close() = 0;
};

struct connection_options {
  session_options session;
  node_id node;
  /// Above this many bytes, queued or to be expected from the requests that it
  /// made, no further frames or items are read for the client;
  /// `output_drained` says when all has gone.
  std::size_t output_bytes_max = 1024 * 1024;
};

/// The shell around a session: see connection_actor. Lives on the unit of its
/// transport and ends with it.
class connection final : public supervision::bounded<connection_actor::base>,
                         session::sink {
public:
  connection(caf::actor_config& config, std::shared_ptr<wire> transport,
             std::shared_ptr<const connection_options> options,
             const environment& env);

  behavior_type make_behavior() override;
  const char* name() const override { return "connection"; }

protected:
  void bounce(caf::mailbox_element&) override {}
  // What it is sent is bounded where it comes from.
  bool control(const caf::type_erased_tuple&) const noexcept override {
    return true;
  }
  void on_exit() override;

private:
  void on_inbound(inbound& what);
  bool has_room() const;
  void take_held();
  void on_page(const inbox_page& what);
  void write_items(const inbox_page& what);
  void on_answer(answered& what);
  void on_attached(const attached& what);
  void on_detached(std::uint32_t hint_ms);
  void keep_attached();
  void on_tick();
  void send(const protocol::server_frame& frame,
            std::string_view trace) override;
  void count(const protocol::server_frame& frame);
  void log(const protocol::server_frame& frame, std::string_view trace);
  void write(std::string_view frame);
  void measure(std::string_view item);
  void act(session::command what) override;
  void close() override { wire_->close(); }
  void enter_inbox();
  void open_inbox_now();
  void ask(const session::request& what);
  void ask_about(const session::status_request& what);
  void submit_list(session::submit_list what);
  void pull();
  void settle();
  void arm();

  std::shared_ptr<wire> wire_;
  const std::shared_ptr<const connection_options> options_;
  const environment& env_;
  session session_;
  bool entered_ = false; ///< counted among the user's connections
  attachment attachment_;
  std::chrono::nanoseconds entered_at_{0};
  std::uint64_t rank_ = 0; ///< see seniority
  bool paused_ = false;
  /// Of the last `inbound`: what there was no room to answer yet.
  inbound held_;
  std::size_t taken_ = 0; ///< of these
  bool pulling_ = false;
  bool waits_for_head_ = false;  ///< pulls what is answered at once
  std::uint64_t pulled_for_ = 0; ///< sync
  std::chrono::nanoseconds armed_{0};
};

} // namespace iris::actors
