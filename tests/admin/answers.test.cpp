#include "admin/answers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <doctest/doctest.h>

namespace answers_test {

using namespace iris::admin;
using namespace std::chrono_literals;

namespace asio = boost::asio;

namespace {

struct waiter {
  asio::io_context on;
  std::shared_ptr<answers> box = std::make_shared<answers>(on);
  std::optional<answer> got;
  bool over = false;

  void wait(std::chrono::milliseconds at_most,
            std::function<void(router::reply)> ask) {
    asio::co_spawn(on, run(at_most, std::move(ask)), asio::detached);
  }

private:
  asio::awaitable<void> run(std::chrono::milliseconds at_most,
                            std::function<void(router::reply)> ask) {
    got = co_await box->wait(at_most, std::move(ask));
    over = true;
  }
};

answer with(std::string body) {
  answer x;
  x.body = std::move(body);
  return x;
}

} // namespace

TEST_CASE("an answer given at once, or twice, is the first one") {
  waiter w;

  w.wait(1h, [](router::reply done) {
    done(with("first"));
    done(with("second"));
  });
  w.on.run();

  REQUIRE(w.got);
  CHECK(w.got->body == "first");
}

TEST_CASE("who waits in vain gets nothing at the deadline") {
  waiter w;
  router::reply late;

  w.wait(1ms, [&](router::reply done) { late = std::move(done); });
  w.on.run();
  CHECK(w.over);
  CHECK_FALSE(w.got);

  late(with("late"));
  w.on.restart();
  CHECK(w.on.run() == 1);
  CHECK_FALSE(w.got);
}

TEST_CASE("an answer after the close goes nowhere") {
  router::reply late;
  {
    waiter w;
    w.wait(1ms, [&](router::reply done) { late = std::move(done); });
    w.on.run();
    w.box->close();
  }

  late(with("late"));
}

} // namespace answers_test
