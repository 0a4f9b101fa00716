#pragma once

#include "apps/bench/link.hpp"

#include <deque>
#include <optional>
#include <vector>

namespace iris::bench {

class fleet;

/// A user with one device, connected. Owned by its fleet.
class member final : private link::user {
public:
  member(fleet& in, user_id who, std::uint32_t index);
  ~member() override;

  const user_id& who() const noexcept { return who_; }
  std::uint32_t index() const noexcept { return index_; }

  /// Precondition: it is open.
  void send(const protocol::client_frame& frame) { link_->send(frame); }

private:
  friend class fleet;

  void open();
  void close();
  void opened() override;
  void received(protocol::server_frame frame) override;
  void burst_ended() override;
  void closed(const error& why) override;

  void on(protocol::welcome& x);
  void on(protocol::ready& x);
  void on(protocol::items& x);
  void on(protocol::live& x);
  void on(protocol::sent& x);
  void on(protocol::failed& x);
  void on(protocol::ping& x);
  void on(protocol::goaway& x);
  template <class Frame>
  void on(Frame& x);

  fleet& fleet_;
  const user_id who_;
  const std::uint32_t index_;
  std::shared_ptr<link> link_;
  bool reads_inbox_ = false;
  bool greeted_ = false;
  inbox_offset received_;
  inbox_offset acknowledged_;
};

/// Many users at once. Any refusal and any lost connection ends the run: what
/// a benchmark would have to retry, it doesn't measure.
class fleet {
public:
  /// What members hear.
  class events {
  public:
    virtual ~events() = default;
    virtual void received(member& at, const protocol::item& what) = 0;
    virtual void sent(member& by, const protocol::sent& what) = 0;
    /// All that one read brought has been told.
    virtual void burst_ended(member&) {}
    /// How far it is, for whoever waits: "10 delivered".
    virtual std::string progress() const { return {}; }
  };

  struct options {
    /// One member after the other goes to the next of them.
    std::vector<target> where;
    /// Signs a token.
    std::function<result<std::string>(const user_id&)> token;
    /// Items that the node may send before they are acknowledged.
    std::uint32_t inbox_window = 1024;
    /// Connections that are opened at the same time.
    std::size_t opening_max = 64;
  };

  fleet(reactor& on, options with, events& tell)
    : reactor_(on), options_(std::move(with)), events_(tell) {}

  /// A member that is not connected yet.
  member& add(const user_id& who);

  /// Connects them, a few at a time. With `reads_inbox` they ask for all that
  /// is in their inbox and for what comes; without, they only send.
  void open(const std::vector<member*>& who, bool reads_inbox);

  /// How many of those that open() was called for are not done yet: connected
  /// and, if they read their inbox, through with what was in it.
  std::size_t opening() const noexcept { return opening_ + waiting_.size(); }

  /// Closes and forgets all.
  void clear() { members_.clear(); }

  const std::optional<error>& failure() const noexcept { return failure_; }

  /// Runs until `done` or a failure. Fails with that, or with timed_out,
  /// saying what was awaited, as it does in between to whoever hears progress.
  result<void> wait(const std::function<bool()>& done,
                    std::chrono::nanoseconds at_most, const char* what);

private:
  friend class member;

  void open_more();
  void ready();
  std::string progress(const char* awaited) const;
  void fail(const member& who, const error& why);
  /// To whom it happened first is chance.
  void fail(const error& why);

  reactor& reactor_;
  const options options_;
  events& events_;
  std::vector<std::unique_ptr<member>> members_;
  std::deque<member*> waiting_;
  std::size_t opening_ = 0;
  std::optional<error> failure_;
};

} // namespace iris::bench
