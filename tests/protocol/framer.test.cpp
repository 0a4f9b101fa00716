#include "protocol/framer.hpp"

#include "protocol/codec.hpp"
#include "tests/protocol/allocations.hpp"
#include "tests/protocol/golden.hpp"

#include <doctest/doctest.h>

namespace framer_test {

using namespace iris;
using namespace iris::protocol;

namespace {

std::string framed(std::string_view frame) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(frame.size() >> shift));
  return out.append(frame);
}

/// All golden frames and one of the greatest length, as a stream.
struct traffic {
  std::string stream;
  std::vector<std::string> frames;

  traffic() {
    for (const auto& x : vectors::goldens())
      add(x.encoded());
    add(std::string(limits::frame_bytes_max, 'x'));
    add("y");
  }

  void add(std::string frame) {
    stream += framed(frame);
    frames.push_back(std::move(frame));
  }
};

std::vector<std::string> fed_in_chunks(std::string_view stream,
                                       std::size_t chunk_bytes) {
  framer splitter;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < stream.size(); at += chunk_bytes) {
    auto well = splitter.feed(stream.substr(at, chunk_bytes), [&](auto frame) {
      out.emplace_back(frame);
      return true;
    });
    REQUIRE(well);
    REQUIRE(splitter.pending() < limits::frame_bytes_max + 4);
  }
  REQUIRE(splitter.pending() == 0);
  return out;
}

constexpr auto ignore = [](std::string_view) { return true; };

errc failure_of(std::string_view bytes, std::uint32_t frame_max) {
  framer splitter{frame_max};
  return splitter.feed(bytes, ignore).failure().code;
}

} // namespace

TEST_CASE("frames are the same however the stream was cut") {
  traffic sent;

  for (std::size_t bytes : {1, 2, 3, 4, 5, 7, 100, 4096, 65536, 10'000'000}) {
    CAPTURE(bytes);
    CHECK(fed_in_chunks(sent.stream, bytes) == sent.frames);
  }
}

TEST_CASE("a frame that is complete in the input is not copied") {
  auto stream = framed("one") + framed("two") + framed("three").substr(0, 5);
  framer splitter;
  std::vector<std::size_t> places;

  auto well = splitter.feed(stream, [&](std::string_view frame) {
    places.push_back(static_cast<std::size_t>(frame.data() - stream.data()));
    return true;
  });

  CHECK(well);
  CHECK(places == std::vector<std::size_t>{4, 11});
  CHECK(splitter.pending() == 5);
}

TEST_CASE("a frame that came in parts is followed by those behind it") {
  framer splitter;
  std::vector<std::string> frames;
  auto keep = [&](std::string_view frame) {
    frames.emplace_back(frame);
    return true;
  };
  auto stream = framed("one") + framed("two");

  CHECK(splitter.feed(stream.substr(0, 6), keep));
  CHECK(frames.empty());
  CHECK(splitter.feed(stream.substr(6), keep));

  CHECK(frames == std::vector<std::string>{"one", "two"});
  CHECK(splitter.pending() == 0);
}

TEST_CASE("after a stop the rest is dropped") {
  framer splitter;
  int frames = 0;

  auto well = splitter.feed(framed("one") + framed("two") + "abc", [&](auto) {
    ++frames;
    return false;
  });

  CHECK(well);
  CHECK(frames == 1);
  CHECK(splitter.pending() == 0);
}

TEST_CASE("the longest frame is taken, one byte more is refused") {
  auto longest = framed(std::string(10, 'x'));

  CHECK(failure_of(longest, 10) == errc::none);
  CHECK(failure_of(longest, 9) == errc::frame_too_large);
  CHECK(failure_of("\xff\xff\xff\xff", 10) == errc::frame_too_large);
}

TEST_CASE("a limit that grows holds for a frame that is under way") {
  auto stream = framed(std::string(10, 'x'));
  for (std::size_t early : {0, 3}) {
    framer splitter{9};
    CHECK(splitter.feed(stream.substr(0, early), ignore));

    splitter.set_frame_max(10);

    CHECK(splitter.feed(stream.substr(early), ignore));
    CHECK(splitter.pending() == 0);
  }
}

TEST_CASE("a frame of no bytes is refused") {
  CHECK(failure_of(framed(""), 10) == errc::bad_frame);
  CHECK(failure_of(framed("one") + framed(""), 10) == errc::bad_frame);
}

TEST_CASE("a refusal says what was expected") {
  framer splitter{10};

  auto well = splitter.feed(framed(std::string(11, 'x')), ignore);

  CHECK(well.failure().context
        == "expected a frame of at most 10 bytes, found 11");
}

TEST_CASE("a header in parts is refused as soon as it is complete") {
  framer splitter{10};

  CHECK(splitter.feed(std::string(2, '\0'), ignore));
  CHECK(splitter.pending() == 2);
  auto well = splitter.feed(std::string(2, '\x7f'), ignore);

  CHECK(well.failure().code == errc::frame_too_large);
  CHECK(splitter.pending() == 0);
}

TEST_CASE("memory follows what came, not what was announced") {
  auto header =
    framed(std::string(limits::frame_bytes_max, 'x')).substr(0, 100);
  framer splitter;
  auto before = allocated_bytes();

  CHECK(splitter.feed(header, ignore));

  CHECK(splitter.pending() == 100);
  CHECK(allocated_bytes() - before < 400);
}

TEST_CASE("a buffer is given back with its frame") {
  auto stream = framed(std::string(1000, 'x'));
  framer splitter;

  auto before = live_bytes();

  CHECK(splitter.feed(stream.substr(0, 900), ignore));
  CHECK(live_bytes() - before >= 900);
  CHECK(splitter.feed(stream.substr(900), ignore));

  CHECK(live_bytes() == before);
}

} // namespace framer_test
