#include "cluster/links/incoming.hpp"

#include <doctest/doctest.h>

namespace lanes_test {

using namespace iris;
using namespace iris::cluster;

namespace {

constexpr std::size_t kib = 1024;
constexpr lane_bytes waiting{64 * kib, 64 * kib, 64 * kib};
constexpr lane_bytes window{256 * kib, 256 * kib, 256 * kib};

struct sender : outgoing {
  explicit sender(const lane_bytes& credit = window)
    : outgoing(waiting, credit) {
    open([this] { ++woken; });
  }

  int woken = 0;
};

std::vector<std::string> read(incoming& in, const packet_content& what) {
  std::vector<std::string> out;
  CHECK(in.take(what.by, what.pieces,
                [&](std::string x) { out.push_back(std::move(x)); }));
  return out;
}

} // namespace

TEST_CASE("a higher lane goes first") {
  sender out;
  CHECK(out.push(lane::bulk, "bulk"));
  CHECK(out.push(lane::commands, "commands"));
  CHECK(out.push(lane::consensus, "consensus"));

  CHECK(out.next()->by == lane::consensus);
  CHECK(out.next()->by == lane::commands);
  CHECK(out.next()->by == lane::bulk);
  CHECK(!out.next());
}

TEST_CASE("what waits together travels together") {
  sender out;
  CHECK(out.push(lane::commands, "one"));
  CHECK(out.push(lane::commands, ""));
  CHECK(out.push(lane::commands, "three"));
  CHECK(out.woken == 1);

  auto content = out.next();

  REQUIRE(content);
  CHECK(!out.next());
  incoming in{window};
  CHECK(read(in, *content) == std::vector<std::string>{"one", "", "three"});
  CHECK(out.push(lane::commands, "four"));
  CHECK(out.woken == 2);
}

TEST_CASE("a long frame is cut, and a short one of a higher lane overtakes") {
  sender out;
  std::string text(200 * kib, 'x');
  text += "end";
  CHECK(out.push(lane::commands, text));
  incoming in{window};

  auto first = out.next();
  CHECK(out.push(lane::consensus, "now"));
  auto second = out.next();

  CHECK(first->pieces.size() <= packet_bytes_max);
  CHECK(read(in, *first).empty());
  CHECK(read(in, *second) == std::vector<std::string>{"now"});
  std::vector<std::string> frames;
  while (auto content = out.next()) {
    CHECK(content->pieces.size() <= packet_bytes_max);
    for (auto& x : read(in, *content))
      frames.push_back(x);
  }
  CHECK(frames == std::vector{text});
}

TEST_CASE("no more is on its way than the credit, until the peer takes it") {
  sender out{{100 * kib, 100 * kib, 100 * kib}};
  CHECK(out.push(lane::bulk, std::string(500 * kib, 'x')));
  incoming in{{100 * kib, 100 * kib, 100 * kib}};

  std::size_t sent = 0, granted = 0;
  std::vector<std::string> frames;
  for (;;) {
    while (auto content = out.next()) {
      sent += content->pieces.size();
      CHECK(sent - granted <= 100 * kib);
      for (auto& x : read(in, *content))
        frames.push_back(x);
    }
    auto room = in.grant(lane::bulk);
    if (room == 0)
      break;
    granted += room;
    out.grant(lane::bulk, room);
  }

  CHECK(frames == std::vector{std::string(500 * kib, 'x')});
}

TEST_CASE("lanes don't use each other's credit") {
  sender out{{100 * kib, 100 * kib, 2 * kib}};
  CHECK(out.push(lane::bulk, std::string(64 * kib, 'x')));
  while (out.next())
    ;

  CHECK(out.push(lane::commands, "y"));

  auto content = out.next();
  REQUIRE(content);
  CHECK(content->by == lane::commands);
}

TEST_CASE(
  "what waits is bounded, but a lane that is empty takes a long frame") {
  sender out;

  CHECK(out.push(lane::commands, std::string(100 * kib, 'x')));
  CHECK(!out.push(lane::commands, "y"));
  CHECK(out.push(lane::bulk, std::string(63 * kib, 'x')));
  CHECK(!out.push(lane::bulk, std::string(kib, 'x')));
  CHECK(out.push(lane::consensus, "z"));
}

TEST_CASE("no frame is taken that the peer would refuse") {
  sender out;

  CHECK(!out.push(lane::bulk, std::string(frame_bytes_max.bulk + 1, 'x')));
  CHECK(out.push(lane::bulk, std::string(frame_bytes_max.bulk, 'x')));
}

TEST_CASE("without a link nothing is taken, and nothing of the last is left") {
  outgoing out{waiting, window};
  CHECK(!out.push(lane::consensus, "too early"));
  out.open([] {});
  CHECK(out.push(lane::consensus, "lost"));

  out.close();

  CHECK(!out.push(lane::consensus, "too late"));
  CHECK(!out.next());
  out.open([] {});
  CHECK(!out.next());
}

TEST_CASE("what is no piece of a frame is refused") {
  auto take = [](std::string_view pieces) {
    incoming in{window};
    auto taken = in.take(lane::commands, pieces, [](std::string) {});
    return taken ? errc::none : taken.failure().code;
  };

  CHECK(take("\x02\x01x") == errc::bad_frame);
  CHECK(take("\x01\x05x") == errc::bad_frame);
  CHECK(take("\x01") == errc::bad_frame);
  CHECK(take("\x01\x01x") == errc::none);
}

TEST_CASE("a frame that never ends is refused when it is too long") {
  incoming in{window};
  std::string piece{"\x00\x80\x80\x04", 4};
  piece.append(64 * kib, 'x');
  auto code = errc::none;
  std::size_t pieces = 0;

  while (code == errc::none && pieces < 100) {
    auto taken = in.take(lane::bulk, piece, [](std::string) {});
    code = taken ? errc::none : taken.failure().code;
    ++pieces;
  }

  CHECK(code == errc::frame_too_large);
  CHECK(pieces == frame_bytes_max.bulk / (64 * kib) + 1);
}

} // namespace lanes_test
