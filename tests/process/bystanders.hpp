#pragma once

#include "clients/cpp/client.hpp"
#include "tests/process/real_node.hpp"
#include "tests/sim/history.hpp"

#include <boost/asio/executor_work_guard.hpp>

namespace iris::process {

/// Pairs of users who write to each other and want to notice nothing of what
/// others do to the node: the real client library, spread over all transports
/// so that the two of a pair differ.
class bystanders {
public:
  static constexpr std::size_t count = 20;

  explicit bystanders(real_node& node);

  /// Connects all. From then on nobody may ever lose the connection.
  void begin();
  /// Everybody writes one message to the other of the pair, and waits for it
  /// and for the own one. Throws std::runtime_error if that takes far too long.
  void exchange();
  /// What anybody saw and must not have: a connection lost, an inbox that
  /// differs from what was written, a message twice or out of order; and what
  /// history finds.
  std::vector<std::string> problems() const;

  /// How long messages took to the other of the pair, since this was asked.
  std::vector<std::chrono::nanoseconds> take_delays() {
    return std::exchange(delays_, {});
  }

  void run_until(const std::function<bool()>& done, const char* what);
  boost::asio::io_context& io() noexcept { return io_; }

private:
  struct person {
    user_id user;
    std::unique_ptr<client::client> connection;
    bool live = false;
    std::vector<std::string> losses; ///< since all were connected
    std::vector<std::string> from_other;
    std::vector<std::string> own;
    std::size_t answers = 0;
  };

  void add(std::size_t i, real_node& node);
  void note(person& who, const client::event& what);
  person& other_of(std::size_t i) { return *all_[i ^ 1]; }
  static std::string body(const person& from, std::size_t round);

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    busy_{io_.get_executor()};
  std::vector<std::unique_ptr<person>> all_;
  sim::history history_;
  std::map<user_id, std::chrono::nanoseconds> wrote_at_; ///< the last message
  std::vector<std::chrono::nanoseconds> delays_;
  std::size_t rounds_ = 0;
  bool began_ = false;
};

} // namespace iris::process
