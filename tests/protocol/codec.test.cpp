#include "protocol/codec.hpp"

#include "tests/protocol/generators.hpp"
#include "tests/protocol/json.hpp"

#include <doctest/doctest.h>

namespace codec_test {

using namespace iris;
using namespace iris::protocol;
using namespace iris::protocol::generators;
using vectors::json;
using vectors::to_msgpack;

namespace {

const auto id = R"({"bin": "0190163d8694739baea5966c26f8ad01"})";

std::string encoded(const auto& x) {
  std::string out;
  encode(x, out);
  return out;
}

/// MessagePack of JSON in which ID stands for a message id.
std::string packed(std::string text) {
  for (std::size_t at; (at = text.find("ID")) != std::string::npos;)
    text.replace(at, 2, id);
  return to_msgpack(json::parse(text));
}

send decoded_send(std::string_view bytes) {
  auto frame = decode_client(bytes);
  REQUIRE(frame);
  return std::get<send>(*frame);
}

std::vector<std::string> encoded_each(const std::vector<item>& list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const auto& x : list)
    out.push_back(encoded(x));
  return out;
}

} // namespace

TEST_CASE("a frame of a client decodes to what was encoded") {
  CHECK(rc::check([] {
    auto frame = *any_client_frame();
    auto again = decode_client(encoded(frame));
    RC_ASSERT(bool(again));
    RC_ASSERT(*again == frame);
  }));
}

TEST_CASE("a frame of a node decodes to what was encoded") {
  CHECK(rc::check([] {
    auto frame = *any_server_frame();
    auto again = decode_server(encoded(frame));
    RC_ASSERT(bool(again));
    RC_ASSERT(*again == frame);
  }));
}

TEST_CASE("an item decodes to what was encoded") {
  CHECK(rc::check([] {
    auto what = *any<item>();
    auto again = decode_item(encoded(what));
    RC_ASSERT(bool(again));
    RC_ASSERT(*again == what);
  }));
}

TEST_CASE("items spliced from encoded ones have the bytes of a whole frame") {
  CHECK(rc::check([] {
    auto frame = *any<items>();
    auto each = encoded_each(frame.list);
    std::vector<std::string_view> views{each.begin(), each.end()};
    std::string spliced = "before";
    encode_items(frame.first, views, spliced);
    RC_ASSERT(spliced == "before" + encoded(server_frame{frame}));
  }));
}

TEST_CASE("a page spliced from encoded items has the bytes of a whole frame") {
  CHECK(rc::check([] {
    auto frame = *any<history_page>();
    auto each = encoded_each(frame.list);
    std::vector<std::string_view> views{each.begin(), each.end()};
    auto head = frame;
    head.list.clear();
    std::string spliced = "before";
    encode_page(head, views, spliced);
    RC_ASSERT(spliced == "before" + encoded(server_frame{frame}));
  }));
}

TEST_CASE("the type comes first") {
  CHECK(rc::check([] {
    auto frame = *any_client_frame();
    auto written = vectors::from_msgpack(encoded(frame));
    RC_ASSERT(written.begin().key() == "t");
    RC_ASSERT(written["t"].get<std::string>() == type_name(frame));
  }));
}

TEST_CASE("keys may come in any order, the type last") {
  auto x = decoded_send(
    packed(R"({"body": {"bin": "78"}, "to": "bob", "id": ID, "t": "send"})"));

  CHECK(x.body == "x");
  CHECK(x.to->str() == "bob");
  CHECK(is_uuid7(x.id));
}

TEST_CASE("keys that are not known are skipped, whatever they hold") {
  auto x = decoded_send(packed(R"({
    "a": null, "t": "send", "b": [1, [2], {"t": {"id": 0}}], "id": ID,
    "c": {"to": "carol"}, "to": "bob", "d": -1.5, "body": {"bin": ""},
    "e": true, "after ": false})"));

  CHECK(x
        == decoded_send(packed(
          R"({"t": "send", "id": ID, "to": "bob",
                   "body": {"bin": ""}})")));
}

TEST_CASE("keys that are not known are skipped inside of elements") {
  auto frame = decode_client(packed(R"({"t": "batch", "sends": [
    {"x": 1, "id": ID, "to": "bob", "y": [1], "body": {"bin": ""}}]})"));

  REQUIRE(frame);
  CHECK(std::get<batch>(*frame).sends.at(0).to->str() == "bob");
}

TEST_CASE("fields that hold nothing are not written") {
  auto plain = vectors::from_msgpack(encoded(item{}));

  CHECK(plain.size() == 6);
  CHECK(vectors::from_msgpack(encoded(client_frame{protocol::sync{}})).size()
        == 2);
  CHECK(vectors::from_msgpack(encoded(client_frame{history{}})).size() == 4);
  CHECK(vectors::from_msgpack(encoded(server_frame{goaway{}})).size() == 1);
}

TEST_CASE("an absent field means its default, which may also be written") {
  auto absent = decode_client(packed(R"({"t": "sync", "from": 1})"));
  auto written =
    decode_client(packed(R"({"t": "sync", "from": 1, "window": 256})"));

  REQUIRE(absent);
  REQUIRE(written);
  CHECK(std::get<protocol::sync>(*absent).window == 256);
  CHECK(*absent == *written);
}

TEST_CASE("an integer is the same in each of its encodings") {
  for (std::string_view five :
       {"05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005",
        "d10005", "d200000005", "d30000000000000005"}) {
    CAPTURE(five);
    auto bytes = vectors::from_hex("82a174a470696e67a16e" + std::string{five});

    auto frame = decode_client(bytes);

    REQUIRE(frame);
    CHECK(std::get<ping>(*frame).n == 5);
  }
}

TEST_CASE("values of enumerations that have no name yet are kept") {
  auto kind = decode_item(packed(R"({"c": ID, "s": 1, "at": 0, "u": "a",
                                     "d": "b", "id": ID, "k": 200})"));
  auto code = decode_server(packed(R"({"t": "error", "code": 65535})"));

  REQUIRE(kind);
  CHECK(static_cast<int>(kind->kind) == 200);
  REQUIRE(code);
  CHECK(static_cast<int>(std::get<failed>(*code).code) == 65535);
}

TEST_CASE("the name of an error is for people: the code counts") {
  auto frame = decode_server(
    packed(R"({"t": "error", "code": 400, "name": "bad_frame"})"));

  REQUIRE(frame);
  CHECK(std::get<failed>(*frame).code == errc::overloaded);
}

TEST_CASE("the time of an item is told without the rest") {
  item what;
  what.at = {1'718'360'049'300};
  what.body = std::string(1000, 'x');
  std::string bytes;
  encode(what, bytes);

  CHECK(time_of_item(bytes) == what.at);
  CHECK_FALSE(time_of_item(bytes.substr(0, bytes.size() - 1)));
  CHECK_FALSE(time_of_item(packed(R"({"at": "noon"})")));
  CHECK_FALSE(time_of_item(packed(R"({"s": 1})")));
}

TEST_CASE("what a frame refers to is told although it can't be decoded") {
  auto of_send = reference_of(packed(R"({"t": "send", "id": ID})"));
  auto of_request = reference_of(packed(R"({"n": 7, "t": "nonsense"})"));

  REQUIRE(of_send.id);
  CHECK(of_send.id->str() == "0190163d-8694-739b-aea5-966c26f8ad01");
  CHECK_FALSE(of_send.n);
  CHECK(of_request.n == 7);
  CHECK_FALSE(of_request.id);
}

TEST_CASE("all sends of a batch are told that have an id") {
  auto found = reference_of(packed(
    R"({"t": "batch", "sends": [{"id": ID}, 1, {"id": 2}, {"id": ID}]})"));

  CHECK_FALSE(found.id);
  CHECK(found.batch.size() == 2);
}

TEST_CASE("nothing is told of what has no reference") {
  for (const auto& bytes :
       {std::string{}, std::string{"\x01"}, packed(R"({"id": 1, "n": "1"})"),
        packed(R"({"sends": 1})")}) {
    auto found = reference_of(bytes);
    CHECK_FALSE(found.id);
    CHECK_FALSE(found.n);
    CHECK(found.batch.empty());
  }
}

TEST_CASE("a framed frame begins with its length") {
  std::string out = "x";

  encode_framed(client_frame{ping{1}}, out);

  CHECK(vectors::to_hex(out) == "780000000b82a174a470696e67a16e01");
}

} // namespace codec_test
