#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace iris::process {

/// Between two looks at what becomes of a node: it needs the processor for it.
inline constexpr std::chrono::milliseconds between_looks{20};

inline void rest_between_looks() {
  boost::asio::io_context io;
  boost::asio::steady_timer{io, between_looks}.wait();
}

} // namespace iris::process
