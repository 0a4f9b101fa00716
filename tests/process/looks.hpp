#pragma once

#include "base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace iris::process {

/// Between two looks at what becomes of a node: it needs the processor for it.
inline constexpr std::chrono::milliseconds between_looks{20};

/// A safety net: no test is decided by it.
inline constexpr std::chrono::seconds enough{120};

inline std::chrono::nanoseconds now() {
  return system_clock().steady_now();
}

inline void rest_between_looks() {
  boost::asio::io_context io;
  boost::asio::steady_timer{io, between_looks}.wait();
}

} // namespace iris::process
