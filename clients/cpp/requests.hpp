#pragma once

#include "base/result.hpp"
#include "clients/cpp/options.hpp"
#include "protocol/frames.hpp"

#include <map>
#include <variant>
#include <vector>

namespace iris::client {

/// What can be asked. `n` is filled in.
using request =
  std::variant<protocol::history, protocol::status, protocol::conversations,
               protocol::roster, protocol::devices, protocol::device_remove>;

/// What answers it.
using answer = std::variant<protocol::history_page, protocol::statuses,
                            protocol::conversation_list, protocol::members,
                            protocol::device_list, protocol::done>;

/// The requests without an answer. They are asked again on each connection
/// until their time is over.
class requests {
public:
  using nanoseconds = std::chrono::nanoseconds;

  explicit requests(const options& with) : options_(with) {}

  std::uint64_t next_number() const noexcept { return next_n_; }
  /// Takes the request `next_number()`. Fails with overloaded when full.
  result<void> push(protocol::client_frame what, nanoseconds now);

  /// Puts the next request on the wire, or returns null.
  const protocol::client_frame* next();

  /// Fails with bad_field if this answers nothing on the wire, or something
  /// else than was asked.
  result<void> answered(const answer& x);
  /// Same. Precondition: x.n.
  result<void> answered(const protocol::failed& x);

  void disconnected();

  struct timed_out {
    std::vector<std::uint64_t> list;
    /// The node had one of them: it doesn't do its work.
    bool on_wire = false;
  };
  /// Gives up what has waited for longer than the answer timeout.
  timed_out expire(nanoseconds now);
  nanoseconds deadline() const noexcept;

  std::size_t size() const noexcept { return waiting_.size(); }
  std::size_t on_wire() const noexcept { return on_wire_; }

private:
  struct entry {
    protocol::client_frame frame;
    nanoseconds deadline{0};
    bool on_wire = false;
  };
  using entries = std::map<std::uint64_t, entry>;

  result<entries::iterator> find(std::uint64_t n);
  void remove(entries::iterator x);

  const options& options_;
  std::uint64_t next_n_ = 1;
  /// All before it are on the wire.
  std::uint64_t unsent_ = 1;
  std::size_t on_wire_ = 0;
  entries waiting_; ///< oldest first
};

} // namespace iris::client
