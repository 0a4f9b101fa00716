// Clients that know only the node that lets them go are told of the others.
#include "tests/process/busy_cluster.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>

namespace elsewhere_test {

using namespace iris;
using namespace iris::process;
using namespace std::chrono_literals;

namespace {

/// Each knows where clients reach the others.
void start(real_cluster& nodes) {
  for (std::size_t i = 0; i < nodes.count(); ++i)
    nodes[i].tell_urls();
  started(nodes);
  for (std::size_t i = 0; i < nodes.count(); ++i)
    nodes.await("each is told where clients reach the others", [&] {
      auto said = nlohmann::json::parse(nodes[i].get("/v1/status", true).body);
      return std::all_of(
        said["links"].begin(), said["links"].end(),
        [](const auto& x) { return x["urls"].size() == transports.size(); });
    });
}

void check_were_told(const std::vector<error>& losses) {
  for (const auto& why : losses)
    CHECK_MESSAGE(why.code == errc::draining, to_string(why));
}

/// One client for each transport, all at one node at first.
class strangers {
public:
  explicit strangers(const real_node& at) {
    for (const auto* x : transports)
      add(at, x);
    for (auto& x : all_)
      x->connection->start();
  }

  /// Until all are there.
  void await(const real_node& at) {
    REQUIRE(client::run_until(
      io_,
      [&] {
        boost::asio::post(io_, [] {}); // Look again.
        return at.connections() == transports.size()
               && std::all_of(all_.begin(), all_.end(),
                              [](auto& x) { return x->live; });
      },
      enough));
  }

  /// Until all are elsewhere than where they were.
  void await_moved() {
    REQUIRE(client::run_until(
      io_,
      [&] {
        return std::all_of(all_.begin(), all_.end(), [](auto& x) {
          return x->live && !x->losses.empty();
        });
      },
      enough));
  }

  /// Why each lost its connections since this was asked.
  std::vector<std::vector<error>> take_losses() {
    std::vector<std::vector<error>> out;
    for (auto& x : all_)
      out.push_back(std::exchange(x->losses, {}));
    return out;
  }

  /// Each writes to itself, and gets what it wrote.
  void write() {
    for (auto& x : all_) {
      x->got.clear();
      REQUIRE(x->connection->send(x->user, "to " + x->user.str()));
    }
    REQUIRE(client::run_until(
      io_,
      [&] {
        return std::all_of(all_.begin(), all_.end(), [](auto& x) {
          return x->connection->unanswered() == 0 && !x->got.empty();
        });
      },
      enough));
    for (auto& x : all_)
      CHECK(x->got == std::vector{"to " + x->user.str()});
  }

private:
  struct person {
    user_id user;
    std::unique_ptr<client::client> connection;
    bool live = false;
    std::vector<error> losses;
    std::vector<std::string> got;
  };

  void add(const real_node& at, const char* transport) {
    auto& who = *all_.emplace_back(std::make_unique<person>());
    who.user = *user_id::parse(transport);
    client::options with;
    with.endpoints = {at.url(transport)};
    with.device = *device_id::parse("phone");
    with.token = [&at, user = who.user] { return at.token(user); };
    who.connection = std::make_unique<client::client>(
      io_, with, [&who](const client::event& x) { note(who, x); }, at.trust());
  }

  static void note(person& who, const client::event& what) {
    if (const auto* x = std::get_if<client::message>(&what)) {
      who.got.push_back(x->item.body);
    } else if (std::holds_alternative<protocol::live>(what)) {
      who.live = true;
    } else if (const auto* d = std::get_if<client::disconnected>(&what)) {
      who.live = false;
      who.losses.push_back(d->reason);
    }
  }

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    busy_{io_.get_executor()};
  std::vector<std::unique_ptr<person>> all_;
};

} // namespace

TEST_CASE("clients that know one node go on at another when it lets them go") {
  real_cluster nodes;
  start(nodes);
  strangers all{nodes[0]};
  all.await(nodes[0]);
  all.write();

  auto said = nodes[1].operate("node drain 1");
  REQUIRE_MESSAGE(said.status == 0, said.text);
  all.await_moved();
  for (const auto& x : all.take_losses()) {
    CHECK(x.size() == 1);
    check_were_told(x);
  }
  nodes.await("nobody is at node 1",
              [&] { return nodes[0].connections() == 0; });
  all.write();
  auto sent = nodes[0].use(*user_id::parse("frank"), "send --to grace hello");
  CHECK(sent.text == "1\n");
  CHECK(sent.status == 0);

  // Wherever they are, one node is left to go to.
  nodes[1].signal(SIGTERM);
  all.await(nodes[2]);
  for (const auto& x : all.take_losses())
    check_were_told(x);
  all.write();
}

} // namespace elsewhere_test
