// Frames that are wrong in one way each, with the exact answer.
#include "protocol/codec.hpp"
#include "tests/protocol/json.hpp"

#include <doctest/doctest.h>

#include <map>

namespace bad_frames_test {

using namespace iris;
using namespace iris::protocol;
using vectors::from_hex;
using vectors::json;
using vectors::to_msgpack;

namespace {

struct bad_frame {
  /// JSON, in which ID is a message id and CV a conversation id.
  std::string frame;
  std::string text;
  errc code = errc::bad_field;
};

void replace(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t at; (at = text.find(what)) != std::string::npos;)
    text.replace(at, what.size(), by);
}

std::string packed(std::string text) {
  replace(text, "ID", R"({"bin": "0190163d8694739baea5966c26f8ad01"})");
  replace(text, "CV", R"({"bin": "133309ef5013bcf028da1a34a68227d4"})");
  return to_msgpack(json::parse(text));
}

void check_all(const std::vector<bad_frame>& table, auto decode) {
  for (const auto& x : table) {
    CAPTURE(x.frame);
    auto decoded = decode(packed(x.frame));
    if (decoded) {
      FAIL_CHECK("expected an error: ", x.text);
      continue;
    }
    CHECK(decoded.failure().context == x.text);
    CHECK(decoded.failure().code == x.code);
    CHECK(decoded.failure().retry_after_ms == 0);
  }
}

const std::string id_expected = "expected a UUIDv7 as bin of 16 bytes, found ";
const std::string name_expected =
  "expected a name of 1 to 64 of A-Z a-z 0-9 . _ - @ +, found ";
const std::string integer_expected =
  "expected an integer from 0 to 9007199254740991, found ";
const std::string type_expected =
  "t: expected the type of a frame that a client sends, found ";

} // namespace

TEST_CASE("bytes that are not one MessagePack map are bad frames") {
  const std::string cut =
    "expected a whole MessagePack value, found the end of the frame";
  const std::string values = "expected at most 131072 values, found more";
  const std::string deep = "expected at most 4 levels of nesting, found more";
  const std::string not_map = "expected a MessagePack map, found ";
  const std::string key = "expected a string as key, found ";
  const std::vector<std::pair<std::string, std::string>> table{
    {"", cut},
    {"81", cut},
    {"8f", cut},
    {"81a1", cut},
    {"81a174", cut},
    {"81a174a4", cut},
    {"81a174a470696e", cut},
    {"82a174a470696e67", cut},
    {"81a174d9", cut},
    {"81a174d9ff00", cut},
    {"81a174dbffffffff", cut},
    {"81a174c6ffffffff", cut},
    {"81a174c9ffffffff01", cut},
    {"81a174cf00", cut},
    {"81a174ca000000", cut},
    {"81a174d80102", cut},
    {"de0002a174c0", cut},
    {"dc0010", cut},
    {"c1", "expected MessagePack, found the unused byte c1"},
    {"81a174c1", "expected MessagePack, found the unused byte c1"},
    {"ddffffffff", values},
    {"81a178ddffffffff", values},
    {"81a178dd00020000", values},
    {"dfffffffff", "expected a map of at most 32 keys, found 4294967295"},
    {"81a178de0021", "expected a map of at most 32 keys, found 33"},
    {"01", not_map + "1"},
    {"ff", not_map + "a negative integer"},
    {"c0", not_map + "nil"},
    {"c3", not_map + "a boolean"},
    {"cb0000000000000000", not_map + "a floating-point number"},
    {"a3616263", not_map + "a string of 3 bytes"},
    {"c403616263", not_map + "a bin of 3 bytes"},
    {"9101", not_map + "an array of 1"},
    {"c70000", not_map + "an extension type"},
    {"474554202f20485454502f312e310d0a", not_map + "71"},
    {"8001", "expected one MessagePack map, found 1 bytes behind it"},
    {"81a174a470696e67c0c0",
     "expected one MessagePack map, found 2 bytes behind it"},
    {"810101", key + "1"},
    {"81c001", key + "nil"},
    {"81c4017401", key + "a bin of 1 bytes"},
    {"819001", key + "an array of 0"},
    {"818001", key + "a map"},
    {"81a17881c001", key + "nil"},
    {"81a1789191919101", deep},
    {"81a1789191919190", deep},
    {"81a17881a17881a17881a17881a17801", deep},
  };

  for (const auto& row : table) {
    const auto& [hex, text] = row;
    CAPTURE(row.first);
    for (const auto& failure : {decode_client(from_hex(hex)).failure(),
                                decode_server(from_hex(hex)).failure(),
                                decode_item(from_hex(hex)).failure()}) {
      CHECK(failure.context == text);
      CHECK(failure.code == errc::bad_frame);
    }
  }
}

TEST_CASE("a frame without a type that a client sends is refused") {
  const std::string missing = "t: expected the type of the frame, found ";
  check_all(
    {
      {R"({})", missing + "nothing"},
      {R"({"T": "ping", "n": 1})", missing + "nothing"},
      {R"({"t": 1})", missing + "1"},
      {R"({"t": {"bin": "70696e67"}})", missing + "a bin of 4 bytes"},
      {R"({"t": ["ping"]})", missing + "an array of 1"},
      {R"({"t": ""})", type_expected + "another string", errc::unknown_type},
      {R"({"t": "nonsense", "id": 1})", type_expected + "\"nonsense\"",
       errc::unknown_type},
      {R"({"t": "Send"})", type_expected + "another string",
       errc::unknown_type},
      {R"({"t": "welcome"})", type_expected + "\"welcome\"",
       errc::unknown_type},
      {R"({"t": "pin"})", type_expected + "\"pin\"", errc::unknown_type},
      {R"({"t": "pings"})", type_expected + "\"pings\"", errc::unknown_type},
      {R"({"t": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})",
       type_expected + "another string", errc::unknown_type},
    },
    decode_client);
}

TEST_CASE("a frame that opens a connection is refused for one bad field") {
  const std::string caps =
    "hello.caps: expected an array of at most 32, found ";
  const std::string cap =
    "hello.caps[1]: expected a UTF-8 string of 1 to 64 bytes, found ";
  const std::string version =
    "expected an integer from 1 to 4294967295, found ";
  const std::string token =
    "auth.token: expected a UTF-8 string of 1 to 4096 bytes, found ";
  check_all(
    {
      {R"({"t": "hello", "max": 1})", "hello.min: " + version + "nothing"},
      {R"({"t": "hello", "min": 1})", "hello.max: " + version + "nothing"},
      {R"({"t": "hello", "min": 0, "max": 1})", "hello.min: " + version + "0"},
      {R"({"t": "hello", "min": "1", "max": 1})",
       "hello.min: " + version + "a string of 1 bytes"},
      {R"({"t": "hello", "min": 1.0, "max": 1})",
       "hello.min: " + version + "a floating-point number"},
      {R"({"t": "hello", "min": 1, "max": 4294967296})",
       "hello.max: " + version + "4294967296"},
      {R"({"t": "hello", "min": 2, "max": 1})",
       "hello.max: expected at least min, found less"},
      {R"({"t": "hello", "min": 1, "max": 1, "caps": "a"})",
       caps + "a string of 1 bytes"},
      {R"({"t": "hello", "min": 1, "max": 1, "caps": {}})", caps + "a map"},
      {R"({"t": "hello", "min": 1, "max": 1, "caps": null})", caps + "nil"},
      {R"({"t": "hello", "min": 1, "max": 1, "caps": ["a", 1]})", cap + "1"},
      {R"({"t": "hello", "min": 1, "max": 1, "caps": ["a", ""]})",
       cap + "a string of 0 bytes"},
      {R"({"t": "hello", "min": 1, "max": 1, "agent": 1})",
       "hello.agent: expected a UTF-8 string of at most 1024 bytes, found 1"},
      {R"({"t": "auth", "device": "d"})", token + "nothing"},
      {R"({"t": "auth", "token": "", "device": "d"})",
       token + "a string of 0 bytes"},
      {R"({"t": "auth", "token": {"bin": "78"}, "device": "d"})",
       token + "a bin of 1 bytes"},
      {R"({"t": "auth", "token": "x"})",
       "auth.device: " + name_expected + "nothing"},
      {R"({"t": "auth", "token": "x", "device": ""})",
       "auth.device: " + name_expected + "a string of 0 bytes"},
      {R"({"t": "auth", "token": "x", "device": "my phone"})",
       "auth.device: " + name_expected + "other characters"},
      {R"({"t": "auth", "token": "x", "device": "\u00e4"})",
       "auth.device: " + name_expected + "other characters"},
      {R"({"t": "auth", "token": "x", "device": "a\u0000b"})",
       "auth.device: " + name_expected + "other characters"},
      {R"({"t": "auth", "token": "x", "device": 7})",
       "auth.device: " + name_expected + "7"},
    },
    decode_client);
}

TEST_CASE("a frame that reads the inbox is refused for one bad field") {
  const std::string window =
    "sync.window: expected an integer from 1 to 4096, found ";
  check_all(
    {
      {R"({"t": "sync"})", "sync.from: " + integer_expected + "nothing"},
      {R"({"t": "sync", "from": -1})",
       "sync.from: " + integer_expected + "a negative integer"},
      {R"({"t": "sync", "from": 9007199254740992})",
       "sync.from: " + integer_expected + "9007199254740992"},
      {R"({"t": "sync", "from": 18446744073709551615})",
       "sync.from: " + integer_expected + "18446744073709551615"},
      {R"({"t": "sync", "from": true})",
       "sync.from: " + integer_expected + "a boolean"},
      {R"({"t": "sync", "from": 0, "window": 0})", window + "0"},
      {R"({"t": "sync", "from": 0, "window": 4097})", window + "4097"},
      {R"({"t": "sync", "from": 0, "window": null})", window + "nil"},
      {R"({"t": "ack"})", "ack.offset: " + integer_expected + "nothing"},
      {R"({"t": "ack", "offset": "1"})",
       "ack.offset: " + integer_expected + "a string of 1 bytes"},
      {R"({"t": "ping"})", "ping.n: " + integer_expected + "nothing"},
      {R"({"t": "pong", "n": []})",
       "pong.n: " + integer_expected + "an array of 0"},
    },
    decode_client);
}

TEST_CASE("a submission is refused for one bad field") {
  const std::string body =
    "send.body: expected a bin of at most 65536 bytes, found ";
  const std::string after = "send.after: " + id_expected;
  const std::string trace =
    "send.trace: expected a UTF-8 string of at most 64 bytes, found ";
  const std::string sends =
    "batch.sends: expected an array of 1 to 256, found ";
  check_all(
    {
      {R"({"t": "send", "to": "bob", "body": {"bin": ""}})",
       "send.id: " + id_expected + "nothing"},
      {R"({"t": "send", "id": "0190163d-8694-739b-aea5-966c26f8ad01",
           "to": "bob", "body": {"bin": ""}})",
       "send.id: " + id_expected + "a string of 36 bytes"},
      {R"({"t": "send", "id": {"bin": "00"}, "to": "bob",
           "body": {"bin": ""}})",
       "send.id: " + id_expected + "a bin of 1 bytes"},
      {R"({"t": "send", "id": {"bin": "0190163d8694739baea5966c26f8ad0101"},
           "to": "bob", "body": {"bin": ""}})",
       "send.id: " + id_expected + "a bin of 17 bytes"},
      {R"({"t": "send", "id": {"bin": "0190163d8694439baea5966c26f8ad01"},
           "to": "bob", "body": {"bin": ""}})",
       "send.id: " + id_expected + "16 bytes of another version"},
      {R"({"t": "send", "id": {"bin": "0190163d8694739b0ea5966c26f8ad01"},
           "to": "bob", "body": {"bin": ""}})",
       "send.id: " + id_expected + "16 bytes of another version"},
      {R"({"t": "send", "id": ID, "body": {"bin": ""}})",
       "send: expected to or conv, found neither"},
      {R"({"t": "send", "id": ID, "to": "bob", "conv": CV,
           "body": {"bin": ""}})",
       "send: expected to or conv, found both"},
      {R"({"t": "send", "id": ID, "to": "b/b", "body": {"bin": ""}})",
       "send.to: " + name_expected + "other characters"},
      {R"({"t": "send", "id": ID, "to": null, "body": {"bin": ""}})",
       "send.to: " + name_expected + "nil"},
      {R"({"t": "send", "id": ID, "conv": "x", "body": {"bin": ""}})",
       "send.conv: expected a bin of 16 bytes, found a string of 1 bytes"},
      {R"({"t": "send", "id": ID, "conv": {"bin": ""}, "body": {"bin": ""}})",
       "send.conv: expected a bin of 16 bytes, found a bin of 0 bytes"},
      {R"({"t": "send", "id": ID, "to": "bob"})", body + "nothing"},
      {R"({"t": "send", "id": ID, "to": "bob", "body": "secret"})",
       body + "a string of 6 bytes"},
      {R"({"t": "send", "id": ID, "to": "bob", "body": null})", body + "nil"},
      {R"({"t": "send", "id": ID, "to": "bob", "body": {"bin": ""},
           "after": 1})",
       after + "1"},
      {R"({"t": "send", "id": ID, "to": "bob", "body": {"bin": ""},
           "after": CV})",
       after + "16 bytes of another version"},
      {R"({"t": "send", "id": ID, "to": "bob", "body": {"bin": ""},
           "trace": 1})",
       trace + "1"},
      {R"({"t": "batch"})", sends + "nothing"},
      {R"({"t": "batch", "sends": []})", sends + "an array of 0"},
      {R"({"t": "batch", "sends": {}})", sends + "a map"},
      {R"({"t": "batch", "sends": [1]})",
       "batch.sends[0]: expected a map, found 1"},
      {R"({"t": "batch", "sends": [
             {"id": ID, "to": "bob", "body": {"bin": ""}}, {}]})",
       "batch.sends[1].id: " + id_expected + "nothing"},
      {R"({"t": "batch", "sends": [
             {"id": ID, "to": "bob", "body": {"bin": ""}},
             {"id": ID, "body": {"bin": ""}}]})",
       "batch.sends[1]: expected to or conv, found neither"},
    },
    decode_client);
}

TEST_CASE("a change of a group is refused for one bad field") {
  const std::string title =
    "group_create.title: expected a UTF-8 string of at most 256 bytes, found ";
  const std::string members =
    "group_create.members: expected an array of at most 1000, found ";
  const std::string users = "expected an array of 1 to 1000, found ";
  check_all(
    {
      {R"({"t": "group_create"})",
       "group_create.id: " + id_expected + "nothing"},
      {R"({"t": "group_create", "id": ID, "title": {"bin": "78"}})",
       title + "a bin of 1 bytes"},
      {R"({"t": "group_create", "id": ID, "members": "bob"})",
       members + "a string of 3 bytes"},
      {R"({"t": "group_create", "id": ID, "members": ["bob", 1]})",
       "group_create.members[1]: " + name_expected + "1"},
      {R"({"t": "group_create", "id": ID, "members": ["bob", "al", "bob"]})",
       "group_create.members: expected each name once, found one of them "
       "twice"},
      {R"({"t": "group_add", "id": ID, "users": ["bob"]})",
       "group_add.conv: expected a bin of 16 bytes, found nothing"},
      {R"({"t": "group_add", "id": ID, "conv": CV})",
       "group_add.users: " + users + "nothing"},
      {R"({"t": "group_add", "id": ID, "conv": CV, "users": []})",
       "group_add.users: " + users + "an array of 0"},
      {R"({"t": "group_remove", "id": ID, "conv": CV, "users": ["a", "a"]})",
       "group_remove.users: expected each name once, found one of them twice"},
      {R"({"t": "group_remove", "id": ID, "conv": CV, "users": [""]})",
       "group_remove.users[0]: " + name_expected + "a string of 0 bytes"},
      {R"({"t": "group_leave", "id": ID})",
       "group_leave.conv: expected a bin of 16 bytes, found nothing"},
      {R"({"t": "group_leave", "conv": CV})",
       "group_leave.id: " + id_expected + "nothing"},
    },
    decode_client);
}

TEST_CASE("a request is refused for one bad field") {
  const std::string limit =
    "history.limit: expected an integer from 1 to 256, found ";
  check_all(
    {
      {R"({"t": "history", "conv": CV, "from": 1})",
       "history.n: " + integer_expected + "nothing"},
      {R"({"t": "history", "n": 1, "from": 1})",
       "history.conv: expected a bin of 16 bytes, found nothing"},
      {R"({"t": "history", "n": 1, "conv": CV})",
       "history.from: " + integer_expected + "nothing"},
      {R"({"t": "history", "n": 1, "conv": CV, "from": 1, "limit": 0})",
       limit + "0"},
      {R"({"t": "history", "n": 1, "conv": CV, "from": 1, "limit": 257})",
       limit + "257"},
      {R"({"t": "history", "n": 1, "conv": CV, "from": 1, "back": 1})",
       "history.back: expected a boolean, found 1"},
      {R"({"t": "status", "n": 1, "users": []})",
       "status.users: expected an array of 1 to 1000, found an array of 0"},
      {R"({"t": "status", "n": 1, "users": ["a", "b", "a"]})",
       "status.users: expected each name once, found one of them twice"},
      {R"({"t": "conversations", "n": 1, "after": "x"})",
       "conversations.after: expected a bin of 16 bytes, found a string of 1 "
       "bytes"},
      {R"({"t": "conversations", "n": 1, "limit": 257})",
       "conversations.limit: expected an integer from 1 to 256, found 257"},
      {R"({"t": "roster", "n": 1})",
       "roster.conv: expected a bin of 16 bytes, found nothing"},
      {R"({"t": "devices"})", "devices.n: " + integer_expected + "nothing"},
      {R"({"t": "device_remove", "n": 1})",
       "device_remove.device: " + name_expected + "nothing"},
    },
    decode_client);
}

TEST_CASE("a frame of a node is refused for one bad field") {
  const std::string code =
    "error.code: expected an integer from 1 to 65535, found ";
  const std::string position =
    "expected an integer from 1 to 9007199254740991, found ";
  const std::string amount = "expected an integer from 0 to 4294967295, found ";
  check_all(
    {
      {R"({"t": "send"})",
       "t: expected the type of a frame that a node sends, found \"send\"",
       errc::unknown_type},
      {R"({"t": "welcome", "version": 0})",
       "welcome.version: expected an integer from 1 to 4294967295, found 0"},
      {R"({"t": "welcome", "version": 1, "time_ms": 0, "frame_max": 0,
           "in_flight_max": 0})",
       "welcome.heartbeat_ms: " + amount + "nothing"},
      {R"({"t": "ready", "user": "a", "device": "b", "cursor": 0, "floor": 0})",
       "ready.head: " + integer_expected + "nothing"},
      {R"({"t": "items", "first": 0, "items": []})",
       "items.first: " + position + "0"},
      {R"({"t": "items", "first": 1})",
       "items.items: expected an array of at most 1024, found nothing"},
      {R"({"t": "items", "first": 1, "items": [{"c": CV, "s": 0}]})",
       "items.items[0].s: " + position + "0"},
      {R"({"t": "live"})", "live.head: " + integer_expected + "nothing"},
      {R"({"t": "sent", "id": ID, "conv": CV, "seq": 0, "at": 0})",
       "sent.seq: " + position + "0"},
      {R"({"t": "sent", "id": ID, "conv": CV, "seq": 1, "at": -5})",
       "sent.at: " + integer_expected + "a negative integer"},
      {R"({"t": "sent", "id": ID, "conv": CV, "seq": 1, "at": 0, "dup": 1})",
       "sent.dup: expected a boolean, found 1"},
      {R"({"t": "history_page", "n": 1, "conv": CV, "items": []})",
       "history_page.head: " + integer_expected + "nothing"},
      {R"({"t": "statuses", "n": 1, "users": [{"online": true}]})",
       "statuses.users[0].user: " + name_expected + "nothing"},
      {R"({"t": "conversation_list", "n": 1, "list": [{"conv": CV}]})",
       "conversation_list.list[0].seq: " + integer_expected + "nothing"},
      {R"({"t": "members", "n": 1, "conv": CV, "head": 1, "members":
           [{"user": "a", "role": 256, "since": 1}]})",
       "members.members[0].role: expected an integer from 0 to 255, found "
       "256"},
      {R"({"t": "device_list", "n": 1, "devices": [{"device": "a"}]})",
       "device_list.devices[0].cursor: " + integer_expected + "nothing"},
      {R"({"t": "done"})", "done.n: " + integer_expected + "nothing"},
      {R"({"t": "error"})", code + "nothing"},
      {R"({"t": "error", "code": 0})", code + "0"},
      {R"({"t": "error", "code": 65536})", code + "65536"},
      {R"({"t": "error", "code": 100, "fatal": "no"})",
       "error.fatal: expected a boolean, found a string of 2 bytes"},
      {R"({"t": "goaway", "retry_after_ms": 4294967296})",
       "goaway.retry_after_ms: " + amount + "4294967296"},
      {R"({"t": "goaway", "nodes": "tls://a:1"})",
       "goaway.nodes: expected an array of at most 16, found a string of 9 "
       "bytes"},
      {R"({"t": "goaway", "nodes": ["tls://a:1", ""]})",
       "goaway.nodes[1]: expected a UTF-8 string of 1 to 255 bytes, found a "
       "string of 0 bytes"},
    },
    decode_server);
}

TEST_CASE("an item is refused for one bad field") {
  check_all(
    {
      {R"({})", "item.c: expected a bin of 16 bytes, found nothing"},
      {R"({"c": CV, "s": 1, "at": 0, "u": "a", "d": "b", "id": CV})",
       "item.id: " + id_expected + "16 bytes of another version"},
      {R"({"c": CV, "s": 1, "at": 0, "u": "a", "d": "b", "id": ID, "k": 256})",
       "item.k: expected an integer from 0 to 255, found 256"},
      {R"({"c": CV, "s": 1, "at": 0, "u": "a", "d": "b", "id": ID, "b": ""})",
       "item.b: expected a bin of at most 65536 bytes, found a string of 0 "
       "bytes"},
      {R"({"c": CV, "s": 1, "at": 0, "u": "a", "d": "b", "id": ID,
           "m": ["x", "x"]})",
       "item.m: expected each name once, found one of them twice"},
    },
    decode_item);
}

TEST_CASE("a key that is there twice is refused, known or not") {
  const std::map<std::string, std::string> table{
    // t n n
    {"83a174a470696e67a16e01a16e01", "ping"},
    // n t t
    {"83a16e01a174a470696e67a174a470696e67", "ping"},
    // t x n x
    {"84a174a470696e67a178c0a16e01a178c0", "ping"},
    // sends[0]: x x id to body
    {"82a174a56261746368a573656e64739185a178c0a178c0"
     "a26964c4100190163d8694739baea5966c26f8ad01a2746fa162a4626f6479c400",
     "batch.sends[0]"},
  };

  for (const auto& row : table) {
    const auto& [hex, where] = row;
    CAPTURE(row.first);
    auto failure = decode_client(from_hex(hex)).failure();
    CHECK(failure.context
          == where + ": expected each key once, found one of them twice");
    CHECK(failure.code == errc::bad_field);
  }
}

TEST_CASE("text that is not UTF-8 is refused") {
  const std::string bad = "\xc0\x80";
  const auto name = *user_id::parse("bob");
  const auto id =
    message_id::from_bytes(from_hex("0190163d8694739baea5966c26f8ad01"));
  const std::vector<std::pair<std::string, client_frame>> table{
    {"hello.caps[0]", hello{1, 1, {bad}, {}}},
    {"hello.agent", hello{1, 1, {}, bad}},
    {"auth.token", auth{bad, *device_id::parse("d")}},
    {"send.trace", send{id, name, {}, {}, {}, bad}},
    {"group_create.title", group_create{id, bad, {}}},
  };

  for (const auto& row : table) {
    const auto& [where, frame] = row;
    CAPTURE(row.first);
    std::string bytes;
    encode(frame, bytes);
    auto failure = decode_client(bytes).failure();
    CHECK(failure.code == errc::bad_field);
    CHECK(failure.context.starts_with(where + ": expected a UTF-8 string of "));
    CHECK(failure.context.ends_with(", found a string that is not UTF-8"));
  }
}

} // namespace bad_frames_test
