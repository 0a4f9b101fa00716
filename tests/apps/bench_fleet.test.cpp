#include "apps/bench/fleet.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <doctest/doctest.h>

namespace bench_fleet_test {

using namespace iris;
using namespace iris::bench;
using boost::asio::ip::tcp;

namespace {

struct silence final : fleet::events {
  void received(member&, const protocol::item&) override {}
  void sent(member&, const protocol::sent&) override {}
};

/// A port that counts who comes and keeps them waiting.
struct host {
  explicit host(reactor& loop)
    : port(loop.io(), {boost::asio::ip::address_v4::loopback(), 0}) {
    accept();
  }

  void accept() {
    port.async_accept([this](auto failed, tcp::socket who) {
      if (failed)
        return;
      guests.push_back(std::move(who));
      accept();
    });
  }

  tcp::acceptor port;
  std::vector<tcp::socket> guests;
};

} // namespace

TEST_CASE("members are spread over all nodes") {
  reactor loop;
  host first{loop}, second{loop}, third{loop};
  fleet::options with;
  for (const auto* x : {&first, &second, &third})
    with.where.push_back({x->port.local_endpoint(), "", nullptr, false});
  silence nobody;
  fleet users{loop, with, nobody};
  std::vector<member*> all;
  for (const auto* name : {"a", "b", "c", "d", "e", "f"})
    all.push_back(&users.add(*user_id::parse(name)));

  users.open(all, false);
  CHECK(loop.run_until(
    [&] {
      return first.guests.size() + second.guests.size() + third.guests.size()
             == all.size();
    },
    std::chrono::minutes{1}));

  for (const auto* x : {&first, &second, &third})
    CHECK(x->guests.size() == 2);
}

} // namespace bench_fleet_test
