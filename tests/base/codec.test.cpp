#include "base/codec.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace codec_test {

using namespace iris;

TEST_CASE("what was encoded is decoded") {
  CHECK(rc::check([](std::uint8_t a, std::uint16_t b, std::uint32_t c,
                     std::uint64_t d, std::uint64_t e, const std::string& f) {
    std::string bytes;
    encoder{bytes}.u8(a).u16(b).u32(c).u64(d).varint(e).bytes(f);
    decoder in{bytes};
    RC_ASSERT(in.u8() == a);
    RC_ASSERT(in.u16() == b);
    RC_ASSERT(in.u32() == c);
    RC_ASSERT(in.u64() == d);
    RC_ASSERT(in.varint() == e);
    RC_ASSERT(in.bytes() == f);
    RC_ASSERT(in.done());
  }));
}

TEST_CASE("integers sort as their bytes do") {
  CHECK(rc::check([](std::uint64_t a, std::uint64_t b) {
    std::string x, y;
    encoder{x}.u64(a);
    encoder{y}.u64(b);
    RC_ASSERT((a < b) == (x < y));
  }));
}

TEST_CASE("a decoder that ran out fails for good and gives zeros") {
  decoder in{std::string_view{"\x01\x02", 2}};

  CHECK(in.u32() == 0);

  CHECK(in.failed());
  CHECK(in.u8() == 0);
  CHECK(in.bytes().empty());
  CHECK_FALSE(in.done());
}

TEST_CASE("a length beyond the input is refused") {
  decoder in{std::string_view{"\xff\xff\xff\xff\x0f"
                              "abc",
                              8}};

  CHECK(in.bytes().empty());

  CHECK(in.failed());
}

TEST_CASE("a varint of more than 64 bits is refused") {
  std::string bytes(10, '\xff');
  decoder in{bytes};

  CHECK(in.varint() == 0);

  CHECK(in.failed());
}

TEST_CASE("any bytes are decoded or refused, never read past") {
  CHECK(rc::check([](const std::string& bytes) {
    decoder in{bytes};
    while (!in.failed() && !in.rest().empty()) {
      in.varint();
      in.bytes();
    }
  }));
}

} // namespace codec_test
