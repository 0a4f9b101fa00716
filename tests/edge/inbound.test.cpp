#include "edge/inbound.hpp"

#include "tests/edge/stage.hpp"

namespace inbound_test {

using namespace iris;
using namespace iris::edge;
using namespace iris::edge::test;

namespace {

std::string packed(const protocol::client_frame& frame) {
  std::string out;
  protocol::encode(frame, out);
  return out;
}

/// A batch of three, the second with a body that is too large.
std::string batch_with_a_fault() {
  return packed(protocol::batch{
    {message(1, 1), message(2, protocol::limits::body_bytes_max + 1),
     message(3, 1)}});
}

lines refusals(const actors::inbound& what) {
  lines out;
  for (const auto& x : what.frames)
    out.push_back(describe(std::get<protocol::failed>(x)));
  return out;
}

} // namespace

TEST_CASE("each send of a batch that can't be decoded gets the error") {
  actors::inbound to;

  CHECK(decode_into(to, batch_with_a_fault()));

  CHECK(refusals(to)
        == lines{"error body_too_large id " + message(1, 0).id.str(),
                 "error body_too_large id " + message(2, 0).id.str(),
                 "error body_too_large id " + message(3, 0).id.str()});
  for (const auto& x : to.frames)
    CHECK(std::get<protocol::failed>(x).text.find("batch.sends[1].body")
          != std::string::npos);
}

TEST_CASE("a batch that names no send gets one error") {
  actors::inbound to;

  // {"t": "batch", "sends": 1}
  CHECK(decode_into(to, "\x82\xa1t\xa5"
                        "batch\xa5sends\x01"));

  CHECK(refusals(to) == lines{"error bad_field"});
}

TEST_CASE("one wrong field costs its frame") {
  actors::inbound to;

  CHECK(
    decode_into(to, packed(message(7, protocol::limits::body_bytes_max + 1))));
  CHECK(decode_into(to, packed(protocol::history{5, {}, {1}, 100'000})));
  CHECK(decode_into(to, packed(protocol::ping{1})));

  REQUIRE(to.frames.size() == 3);
  CHECK(std::holds_alternative<protocol::client_frame>(to.frames.back()));
  to.frames.pop_back();
  CHECK(refusals(to)
        == lines{"error body_too_large id " + message(7, 0).id.str(),
                 "error bad_field n 5"});
}

TEST_CASE("what is no frame, or too long for one, ends the connection") {
  actors::inbound to;
  protocol::batch large;
  for (std::uint64_t i = 0; i < 5; ++i)
    large.sends.push_back(message(i, protocol::limits::body_bytes_max));

  CHECK_FALSE(decode_into(to, "\xc1"));
  CHECK_FALSE(decode_into(to, packed(large)));

  CHECK(refusals(to)
        == lines{"error bad_frame fatal", "error frame_too_large fatal"});
}

} // namespace inbound_test
