#include "tests/admin/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace iris::admin {

client::client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
  timeval limit{20, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error{"expected to connect to the admin listener"};
}

client::~client() {
  ::close(fd_);
}

bool client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) {
      reset_ = true;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void client::finish() {
  ::shutdown(fd_, SHUT_WR);
}

bool client::more() {
  char chunk[4096];
  auto n = ::recv(fd_, chunk, sizeof chunk, 0);
  if (n > 0)
    received_.append(chunk, static_cast<std::size_t>(n));
  reset_ = reset_ || n < 0;
  return n > 0;
}

std::string client::answer(bool has_body) {
  constexpr std::string_view length = "Content-Length: ";
  std::size_t head;
  while ((head = received_.find("\r\n\r\n")) == received_.npos)
    if (!more())
      return std::exchange(received_, {});
  std::size_t size = head + 4;
  if (auto at = received_.find(length); has_body && at < head)
    size += std::stoul(received_.substr(at + length.size()));
  while (received_.size() < size && more()) {}
  auto result = received_.substr(0, size);
  received_.erase(0, size);
  return result;
}

std::string client::rest() {
  while (more()) {}
  return std::exchange(received_, {});
}

std::string talk(std::uint16_t port, std::string_view bytes) {
  client peer{port};
  peer.send(bytes);
  peer.finish();
  return peer.rest();
}

std::string_view body_of(std::string_view answer) {
  auto head = answer.find("\r\n\r\n");
  return head == answer.npos ? std::string_view{} : answer.substr(head + 4);
}

} // namespace iris::admin
