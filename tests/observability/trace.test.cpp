#include "observability/trace.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace trace_test {

using namespace iris;
using namespace iris::observability;

namespace {

constexpr auto id = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string whole = "00-" + std::string{id} + "-00f067aa0ba902b7-01";

} // namespace

TEST_CASE("a trace id reads as it is written") {
  auto trace = trace_id::parse(id);

  REQUIRE(trace);
  CHECK(trace->str() == id);
  CHECK(trace->octets[0] == 0x4b);
  CHECK(trace->octets[15] == 0x36);
}

TEST_CASE("a traceparent gives its trace id") {
  CHECK(trace_id::parse(whole)->str() == id);
}

TEST_CASE("a traceparent of a later version may be longer") {
  auto later = "01" + whole.substr(2);

  CHECK(trace_id::parse(later)->str() == id);
  CHECK(trace_id::parse(later + "-more")->str() == id);
  CHECK_FALSE(trace_id::parse(later + "more"));
  CHECK_FALSE(trace_id::parse(whole + "-more"));
}

TEST_CASE("what is no trace id is refused") {
  auto with = [](std::size_t at, char c) {
    auto copy = whole;
    copy[at] = c;
    return copy;
  };
  for (const auto& bad :
       {std::string{}, std::string(32, '0'), std::string(31, 'a'),
        std::string(33, 'a'), std::string(32, 'g'), std::string(32, 'A'),
        "ff" + whole.substr(2), with(0, 'x'), with(2, '_'), with(35, '_'),
        with(52, '_'), with(40, 'A'), with(53, 'x'), whole.substr(0, 54),
        "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
        "00-" + std::string{id} + "-0000000000000000-01"}) {
    CAPTURE(bad);
    CHECK(trace_id::parse(bad).failure().code == errc::bad_field);
  }
}

TEST_CASE("made ids are of the seed, differ, and read back") {
  random_source a{7}, b{7};

  auto first = trace_id::make(a);

  CHECK(first == trace_id::make(b));
  CHECK(first != trace_id::make(a));
  CHECK(first);
  CHECK_FALSE(trace_id{});
  CHECK(*trace_id::parse(first.str()) == first);
}

TEST_CASE("any bytes are a trace id or refused") {
  CHECK(rc::check([](const std::string& bytes) {
    if (auto trace = trace_id::parse(bytes))
      RC_ASSERT(bytes.find(trace->str()) != bytes.npos);
  }));
}

} // namespace trace_test
