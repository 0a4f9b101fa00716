#pragma once

#include "base/random.hpp"
#include "protocol/frames.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace iris::client {

/// Where a client may connect: what it was configured with, and what nodes that
/// let it go have told it of others. It goes around all of them.
///
/// Invariants:
/// 1. What was configured stays; of what was told, at most told_max do.
/// 2. What is told is taken only with a scheme that was configured, and only
///    if it is secure where any that was configured is: a node makes nobody
///    less secure, and nobody is sent where it has no way to.
class endpoints {
public:
  static constexpr std::size_t told_max = protocol::limits::nodes_max;

  /// Begins with any of them. Precondition: not empty.
  endpoints(std::vector<std::string> configured, random_source& random);

  /// Where to connect now. Valid until the next call.
  const std::string& next();
  /// The node that next() led to knows of these. They are tried next, beginning
  /// with any of them, and that node after all others.
  void learn(const std::vector<std::string>& told, random_source& random);

  std::size_t size() const noexcept { return queue_.size(); }

private:
  bool fits(std::string_view told) const;
  void forget_beyond_limit();

  const std::vector<std::string> configured_;
  std::vector<std::string> queue_; ///< the next one first, the last tried last
};

} // namespace iris::client
