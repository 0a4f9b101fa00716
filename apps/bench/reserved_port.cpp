#include "apps/bench/reserved_port.hpp"

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace iris::bench {

namespace {

/// Both sides have to allow it for a port to be bound twice.
bool bind_loopback(int fd, sockaddr_in& at) {
  int yes = 1;
  socklen_t size = sizeof at;
  auto* where = reinterpret_cast<sockaddr*>(&at);
  return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0
         && bind(fd, where, size) == 0 && getsockname(fd, where, &size) == 0;
}

} // namespace

reserved_port::reserved_port()
  : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || !bind_loopback(fd_, at)) {
    std::system_error why{errno, std::generic_category(), "can't get a port"};
    if (fd_ >= 0)
      close(fd_);
    throw why;
  }
  number_ = ntohs(at.sin_port);
}

reserved_port::~reserved_port() {
  close(fd_);
}

} // namespace iris::bench
