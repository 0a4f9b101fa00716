#include "apps/bench/websocket.hpp"

#include "protocol/frames.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace bench_websocket_test {

using namespace iris;
using iris::bench::websocket;

namespace {

constexpr std::string_view answer = "HTTP/1.1 101 Switching Protocols\r\n"
                                    "Upgrade: websocket\r\n\r\n";

/// As a node sends it: not masked.
std::string sent(std::string_view head, std::string_view message) {
  return std::string{head}.append(message);
}

/// Messages of all three forms of length.
struct traffic {
  std::vector<std::string> messages{"",
                                    "one",
                                    std::string(125, 'a'),
                                    std::string(126, 'b'),
                                    std::string(65535, 'c'),
                                    std::string(65536, 'd')};
  std::string stream =
    sent({"\x82\x00", 2}, messages[0]) + sent("\x82\x03", messages[1])
    + sent("\x82\x7d", messages[2]) + sent({"\x82\x7e\x00\x7e", 4}, messages[3])
    + sent("\x82\x7e\xff\xff", messages[4])
    + sent({"\x82\x7f\0\0\0\0\0\1\0\0", 10}, messages[5]);
};

errc failure_of(std::string_view bytes) {
  return websocket{}
    .feed(bytes, [](std::string_view) { return true; })
    .failure()
    .code;
}

} // namespace

TEST_CASE("messages are the same however the stream was cut") {
  traffic from;
  for (std::size_t bytes : {1, 2, 3, 100, 4096, 1'000'000}) {
    CAPTURE(bytes);
    websocket it;
    std::vector<std::string> got;

    for (std::size_t at = 0; at < from.stream.size(); at += bytes)
      REQUIRE(it.feed(std::string_view{from.stream}.substr(at, bytes),
                      [&](std::string_view x) {
                        got.emplace_back(x);
                        return true;
                      }));

    CHECK(got == from.messages);
  }
}

TEST_CASE("a message is wrapped with the shortest length, and masked") {
  auto head_of = [](std::size_t bytes) {
    std::string out;
    websocket::wrap(std::string(bytes, 'x'), out);
    CHECK(out.ends_with(std::string(4, '\0') + std::string(bytes, 'x')));
    return out.substr(0, out.size() - bytes - 4);
  };

  CHECK(head_of(1) == "\x82\x81");
  CHECK(head_of(125) == "\x82\xfd");
  CHECK(head_of(126) == std::string{"\x82\xfe\x00\x7e", 4});
  CHECK(head_of(65535) == "\x82\xfe\xff\xff");
  CHECK(head_of(65536) == std::string{"\x82\xff\0\0\0\0\0\1\0\0", 10});
}

TEST_CASE("what comes behind the answer to the upgrade stays") {
  auto all = std::string{answer} + "rest";
  for (std::size_t cut : {std::size_t{0}, std::size_t{1}, answer.size() - 1}) {
    CAPTURE(cut);
    websocket it;
    auto first = std::string_view{all}.substr(0, cut);
    auto second = std::string_view{all}.substr(cut);

    CHECK_FALSE(*it.upgraded(first));
    CHECK(*it.upgraded(second));

    CHECK(second == "rest");
  }
}

TEST_CASE("an answer that is no upgrade is refused, also an endless one") {
  const std::string declined =
    "expected a WebSocket, found an answer in HTTP with status ";
  const std::string no_http =
    "expected a WebSocket, found a port that does not answer in HTTP";
  const std::pair<std::string, std::string> cases[] = {
    {"HTTP/1.1 400 Bad Request\r\n\r\n", declined + "400"},
    {"HTTP/1.0 502 Bad Gateway\r\n\r\n", declined + "502"},
    {"HTTP/1.1 200 " + std::string(10'000, 'x'), declined + "200"},
    {"HTTP/2 ", no_http},
    {std::string{"\0\0\0\x10", 4}, no_http}};
  for (const auto& x : cases) {
    CAPTURE(x.first);
    std::string_view bytes = x.first;

    auto done = websocket{}.upgraded(bytes);

    REQUIRE_FALSE(done);
    CHECK(done.failure().code == errc::no_connection);
    CHECK(done.failure().context == x.second);
  }
}

TEST_CASE("what is no whole binary message is refused") {
  CHECK(failure_of("\x88\x02\x03\xe8") == errc::no_connection);
  CHECK(failure_of("\x81\x01x") == errc::bad_frame);
  CHECK(failure_of("\x02\x01x") == errc::bad_frame);
  CHECK(failure_of("\x82\x81....x") == errc::bad_frame);
  CHECK(failure_of({"\x82\x7f\0\0\0\0\0\4\0\1", 10}) == errc::frame_too_large);
}

} // namespace bench_websocket_test
