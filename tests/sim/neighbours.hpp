#pragma once

#include "tests/sim/fixture.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace iris::sim {

/// Well-behaved users in pairs, one of whom writes to the other at a steady
/// pace, who check each other's messages and measure in virtual time. What
/// others do to the node must not show here.
class neighbours {
public:
  struct options {
    int pairs = 4;
    std::chrono::milliseconds every{20};
  };

  /// Logs all of them in.
  neighbours(one_node& at, options with);

  /// Lets a millisecond pass: what came is checked and acknowledged, what is
  /// due is sent.
  void step();
  void run(std::chrono::milliseconds duration);
  /// Sends nothing more and waits for all that is on its way.
  void finish();

  /// From `send` to the other's `items`, and to the sender's `sent`.
  std::chrono::milliseconds delivered(unsigned percent) const;
  std::chrono::milliseconds answered(unsigned percent) const;
  std::size_t count() const noexcept { return delivered_.size(); }
  /// What was lost, doubled, out of order, changed or refused; empty is good.
  const std::vector<std::string>& problems() const { return problems_; }

private:
  using time = std::chrono::nanoseconds;

  struct end {
    raw_client client;
    std::size_t looked_at = 0;
  };
  struct pair {
    std::string name;
    end writer;
    end reader;
    std::vector<message_id> ids;
    std::vector<time> sent_at;
    std::size_t answers = 0;
    std::size_t arrived = 0;
  };

  void write(pair& x);
  void look(pair& x, end& at, bool reads);
  void on(pair& x, const protocol::sent& what);
  void on(pair& x, const protocol::item& what);
  bool settled() const;

  one_node& at_;
  const options with_;
  std::vector<std::unique_ptr<pair>> pairs_;
  std::vector<time> delivered_;
  std::vector<time> answered_;
  std::vector<std::string> problems_;
  std::uint64_t steps_ = 0;
  bool writing_ = true;
};

} // namespace iris::sim
