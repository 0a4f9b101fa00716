#pragma once

#include "edge/io_thread.hpp"

#include <string>

namespace iris::edge {

/// The address at the other end; empty once that is gone.
inline std::string peer_of(const tcp_socket& x) {
  boost::system::error_code failed;
  auto from = x.remote_endpoint(failed);
  return failed ? std::string{} : from.address().to_string();
}

} // namespace iris::edge
