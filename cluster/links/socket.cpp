#include "cluster/links/socket.hpp"

#include "cluster/links/errands.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace iris::cluster {

namespace {

/// Look-ups that hang, of all links of the process.
constexpr std::size_t hanging_max = 64;

struct free_addresses {
  void operator()(addrinfo* all) const noexcept { freeaddrinfo(all); }
};
using addresses = std::unique_ptr<addrinfo, free_addresses>;

addresses look_up(const config::endpoint& at, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  auto port = std::to_string(at.port);
  if (getaddrinfo(at.host.c_str(), port.c_str(), &hints, &found) != 0)
    return nullptr;
  return addresses{found};
}

/// Looking up a name may take as long as its servers like.
addresses look_up_within(const config::endpoint& at,
                         std::chrono::milliseconds patience) {
  // Threads that hang may outlive whatever else there is.
  static auto& all =
    *std::make_unique<errands<addresses>>(hanging_max).release();
  if (auto known = look_up(at, AI_NUMERICHOST))
    return known;
  auto found = all.run(patience, [at] { return look_up(at, 0); });
  return found ? *std::move(found) : nullptr;
}

socket_fd make_socket(const addrinfo& for_address) {
  return socket_fd{
    ::socket(for_address.ai_family,
             for_address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
             for_address.ai_protocol)};
}

std::string reason(int code) {
  return std::error_code{code, std::generic_category()}.message();
}

/// 0, or what errno would be.
int finish_connect(int fd, std::chrono::milliseconds patience) {
  pollfd wait{fd, POLLOUT, 0};
  auto ready = ::poll(&wait, 1, static_cast<int>(patience.count()));
  if (ready <= 0)
    return ready == 0 ? ETIMEDOUT : errno;
  int code = 0;
  socklen_t size = sizeof code;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0)
    return errno;
  return code;
}

int bind_and_listen(int fd, const addrinfo& at) {
  int yes = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0
      || ::bind(fd, at.ai_addr, at.ai_addrlen) != 0
      || ::listen(fd, SOMAXCONN) != 0)
    return errno;
  return 0;
}

template <int (*Name)(int, sockaddr*, socklen_t*)>
config::endpoint name_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto raw = reinterpret_cast<sockaddr*>(&address);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (Name(fd, raw, &size) != 0
      || getnameinfo(raw, size, host.data(), host.size(), port.data(),
                     port.size(), NI_NUMERICHOST | NI_NUMERICSERV)
           != 0)
    return {};
  return {host.data(), static_cast<std::uint16_t>(std::atoi(port.data()))};
}

} // namespace

socket_fd::~socket_fd() {
  if (fd_ >= 0)
    ::close(fd_);
}

result<socket_fd> connect_to(const config::endpoint& to,
                             std::chrono::milliseconds patience) {
  auto found = look_up_within(to, look_up_patience);
  int failed = 0;
  for (auto at = found.get(); at != nullptr; at = at->ai_next) {
    auto fd = make_socket(*at);
    if (fd && ::connect(fd.get(), at->ai_addr, at->ai_addrlen) == 0)
      return fd;
    failed =
      fd && errno == EINPROGRESS ? finish_connect(fd.get(), patience) : errno;
    if (failed == 0)
      return fd;
  }
  return error{
    errc::no_connection,
    "can't connect to " + to.str() + " ("
      + (found ? reason(failed) : "no such host, or no answer in time")
      + "): expected a node that listens there"};
}

result<socket_fd> listen_on(const config::endpoint& at) {
  auto found = look_up(at, AI_PASSIVE);
  int failed = 0;
  for (auto each = found.get(); each != nullptr; each = each->ai_next) {
    auto fd = make_socket(*each);
    failed = fd ? bind_and_listen(fd.get(), *each) : errno;
    if (failed == 0)
      return fd;
  }
  return error{errc::io_failed,
               "can't listen on " + at.str() + " for other nodes ("
                 + (found ? reason(failed) : "no such host")
                 + "): expected an address and a free port of this machine"};
}

config::endpoint peer_of(int fd) {
  return name_of<::getpeername>(fd);
}

std::uint16_t port_of(int fd) {
  return name_of<::getsockname>(fd).port;
}

} // namespace iris::cluster
