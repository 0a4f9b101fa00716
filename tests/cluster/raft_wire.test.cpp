#include "cluster/raft/configuration.hpp"
#include "cluster/raft/wire.hpp"

#include <doctest/doctest.h>

namespace raft_wire_test {

using namespace iris;
using namespace iris::cluster::raft;
using namespace std::string_literals;
using kind = message::kind;

namespace {

const configuration three{
  {{1}, server_role::voter}, {{2}, server_role::standby}, {{300}}};

std::string hex(std::string_view bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char x : bytes) {
    out += digits[x / 16];
    out += digits[x % 16];
  }
  return out;
}

std::string bytes_of(const message& what) {
  std::string out;
  encode(what, out);
  return out;
}

persistence::log_entry entry(std::uint64_t term, std::uint8_t type,
                             std::string payload) {
  return {term, type, std::make_shared<const std::string>(std::move(payload))};
}

message make(kind what) {
  message out;
  out.what = what;
  out.term = 9;
  switch (what) {
  case kind::append:
    out.prev_index = 300;
    out.prev_term = 7;
    out.leader_commit = 299;
    out.entries = {entry(8, 1, "hi"), entry(9, 2, "")};
    break;
  case kind::append_result:
    out.rejected = 5;
    out.last_index = 4;
    break;
  case kind::vote:
    out.pre_vote = out.disrupt = true;
    [[fallthrough]];
  case kind::timeout_now:
    out.last_index = 130;
    out.last_term = 8;
    break;
  case kind::vote_result:
    out.granted = true;
    break;
  case kind::install:
    out.floor = {20, 8, encode(configuration{{{1}}}), 3};
    break;
  }
  return out;
}

constexpr kind kinds[] = {kind::append,  kind::append_result,
                          kind::vote,    kind::vote_result,
                          kind::install, kind::timeout_now};

bool decodes(std::string_view bytes) {
  decoder in{bytes};
  auto out = decode_message(in);
  if (!out)
    CHECK(out.failure().code == errc::bad_frame);
  return bool(out) && in.done();
}

} // namespace

TEST_CASE("messages have these bytes") {
  CHECK(hex(bytes_of(make(kind::append)))
        == "0109ac0207ab020208010268690902"
           "00");
  CHECK(hex(bytes_of(make(kind::append_result))) == "02090504");
  CHECK(hex(bytes_of(make(kind::vote))) == "030903820108");
  CHECK(hex(bytes_of(make(kind::vote_result))) == "040904");
  CHECK(hex(bytes_of(make(kind::install)))
        == "050914081801010000000000000001000000000000003100010000000003");
  CHECK(hex(bytes_of(make(kind::timeout_now))) == "0609820108");
}

TEST_CASE("a message comes out as it went in") {
  for (auto what : kinds) {
    auto bytes = bytes_of(make(what));
    auto two = bytes + bytes;
    decoder in{two};

    auto out = decode_message(in);

    REQUIRE(out);
    CHECK(out->what == what);
    CHECK(bytes_of(*out) == bytes);
    CHECK(in.rest() == bytes);
  }
}

TEST_CASE("a message that is cut short is refused") {
  for (auto what : kinds) {
    auto bytes = bytes_of(make(what));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      CAPTURE(n);
      CHECK_FALSE(decodes(bytes.substr(0, n)));
    }
    CHECK(decodes(bytes));
  }
}

TEST_CASE("a message that no core sends is refused") {
  auto refused = [](kind what, auto spoil) {
    auto x = make(what);
    spoil(x);
    return !decodes(bytes_of(x));
  };
  CHECK_FALSE(decodes("\x00\x09"s));
  CHECK_FALSE(decodes("\x07\x09\x00\x00"s));
  CHECK_FALSE(decodes("\x04\x09\x08"s)); // a flag from nowhere
  CHECK(refused(kind::append_result, [](auto& x) { x.term = 0; }));
  CHECK(refused(kind::append_result, [](auto& x) { x.last_index = ~0ULL; }));
  CHECK(refused(kind::append, [](auto& x) { x.prev_term = 0; }));
  CHECK(refused(kind::append, [](auto& x) { x.prev_term = 10; }));
  CHECK(refused(kind::append, [](auto& x) { x.entries[0].term = 6; }));
  CHECK(refused(kind::append, [](auto& x) { x.entries[1].term = 10; }));
  CHECK(refused(kind::append, [](auto& x) { x.entries[0].type = 4; }));
  // The library would read past the end of it.
  CHECK(refused(kind::append, [](auto& x) { x.entries[0].type = 3; }));
  CHECK(refused(kind::install, [](auto& x) { x.floor.configuration = "no"; }));
  CHECK(refused(kind::install, [](auto& x) { x.floor.index = 0; }));
  CHECK(
    refused(kind::install, [](auto& x) { x.floor.configuration_index = 21; }));
}

TEST_CASE("a configuration has the library's bytes") {
  CHECK(hex(encode(three))
        == "0103000000000000000100000000000000310001"
           "02000000000000003200002c01000000000000333030000100000000");
  CHECK(*decode_configuration(encode(three)) == three);
  CHECK(revision_of(encode(three)) == 0);
}

TEST_CASE("a configuration has its revision where the library reads none") {
  auto bytes = encode(three, 0x0102);
  CHECK(bytes == encode(three) + std::string("\2\1\0\0\0\0\0\0", 8));
  CHECK(*decode_configuration(bytes) == three);
  CHECK(revision_of(bytes) == 0x0102);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    CHECK(static_cast<bool>(decode_configuration(bytes.substr(0, n)))
          == (n == bytes.size() - 8));
  CHECK_FALSE(decode_configuration(bytes + std::string(8, '\1')));
}

TEST_CASE("a configuration that is none is refused") {
  auto bytes = encode(three);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    CHECK_FALSE(decode_configuration(bytes.substr(0, n)));
    // A role may be another one.
    auto other = bytes;
    other[n] = static_cast<char>(other[n] ^ 0x40);
    CHECK_FALSE(decode_configuration(other));
  }
  CHECK_FALSE(decode_configuration(bytes + std::string(8, '\0')));
  CHECK_FALSE(well_formed({}));
  CHECK_FALSE(well_formed({{{2}}, {{1}}}));
  CHECK_FALSE(well_formed({{{1}}, {{1}}}));
}

} // namespace raft_wire_test
