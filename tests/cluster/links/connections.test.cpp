#include "cluster/links/connections.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>

namespace connections_test {

using namespace iris;
using namespace iris::cluster;

namespace {

constexpr auto room = connections::strangers_max;

/// A port where strangers come from any address of this machine.
class door {
public:
  explicit door(connections& all) : all_(all) {
    auto opened = listen_on({"127.0.0.1", 0});
    REQUIRE(opened);
    at_ = *std::move(opened);
    // Whoever has connected is not always in its queue yet.
    REQUIRE(::fcntl(at_.get(), F_SETFL, 0) == 0);
  }

  /// Comes from 127.0.0.`host`.
  connection_ptr come_from(std::uint8_t host) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0x7f000000U + host);
    auto raw = reinterpret_cast<sockaddr*>(&address);
    socket_fd stranger{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::bind(stranger.get(), raw, sizeof address) == 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_of(at_.get()));
    REQUIRE(::connect(stranger.get(), raw, sizeof address) == 0);
    accept();
    strangers_.push_back(std::move(stranger));
    auto made = all_.add(accepted_.back().get(), end_of_link::acceptor);
    REQUIRE(made);
    return made;
  }

private:
  void accept() {
    accepted_.emplace_back(
      ::accept4(at_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(accepted_.back());
  }

  connections& all_;
  socket_fd at_;
  std::vector<socket_fd> strangers_, accepted_;
};

std::vector<connection_ptr> come(door& to, std::size_t number,
                                 std::uint8_t host) {
  std::vector<connection_ptr> out;
  for (std::size_t i = 0; i < number; ++i)
    out.push_back(to.come_from(host));
  return out;
}

/// Which are cut, as text: "x" for each that is, "." for each other one.
std::string cuts(const std::vector<connection_ptr>& all) {
  std::string out;
  for (auto& x : all)
    out += x->is_cut() ? 'x' : '.';
  return out;
}

} // namespace

TEST_CASE("from one address the oldest stranger makes room") {
  connections all;
  door at{all};

  auto first = come(at, room, 1);
  CHECK(cuts(first) == std::string(room, '.'));
  auto more = come(at, 3, 1);

  CHECK(cuts(first) == "xxx" + std::string(room - 3, '.'));
  CHECK(cuts(more) == "...");
  CHECK(first[0]->failure()
        == "too many have not said who they are: it made room");
}

TEST_CASE("who comes from another address costs those that are most") {
  connections all;
  door at{all};
  auto early = come(at, 2, 2);
  auto flood = come(at, room - 2, 3);

  auto late = come(at, 4, 4);

  CHECK(cuts(early) == "..");
  CHECK(cuts(flood) == "xxxx" + std::string(room - 6, '.'));
  CHECK(cuts(late) == "....");
}

TEST_CASE("a flood does not cut who came from another address before") {
  connections all;
  door at{all};
  auto peer = come(at, 1, 2);

  auto flood = come(at, 5 * room, 3);

  CHECK(cuts(peer) == ".");
  CHECK(cuts(flood)
        == std::string(4 * room + 1, 'x') + std::string(room - 1, '.'));
}

TEST_CASE("where all come from other addresses the oldest makes room") {
  connections all;
  door at{all};
  std::vector<connection_ptr> each;
  for (std::size_t i = 0; i <= room; ++i)
    each.push_back(at.come_from(static_cast<std::uint8_t>(i + 1)));

  CHECK(cuts(each) == "x" + std::string(room, '.'));
}

TEST_CASE("connections that carry a link, or are cut, take no room") {
  connections all;
  door at{all};
  auto peers = come(at, 3, 2);
  for (auto& x : peers)
    x->keep();
  auto gone = come(at, 3, 3);
  for (auto& x : gone)
    x->cut();

  auto strangers = come(at, room, 4);

  CHECK(cuts(peers) == "...");
  CHECK(cuts(strangers) == std::string(room, '.'));
}

} // namespace connections_test
