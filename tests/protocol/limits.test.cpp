#include "protocol/codec.hpp"
#include "tests/protocol/allocations.hpp"
#include "tests/protocol/json.hpp"

#include <doctest/doctest.h>

namespace limits_test {

using namespace iris;
using namespace iris::protocol;
using vectors::from_hex;

namespace {

const auto bob = *user_id::parse("bob");

message_id any_id() {
  random_source random{1};
  return make_message_id({1}, random);
}

error failure_of(const auto& decoded) {
  return decoded ? error{} : decoded.failure();
}

template <class Frame>
error decoded(Frame frame) {
  std::string bytes;
  if constexpr (std::is_constructible_v<client_frame, Frame>) {
    encode(client_frame{std::move(frame)}, bytes);
    return failure_of(decode_client(bytes));
  } else {
    encode(server_frame{std::move(frame)}, bytes);
    return failure_of(decode_server(bytes));
  }
}

void check_edge(const error& at_limit, const error& beyond,
                std::string_view text, errc code = errc::bad_field) {
  CHECK(to_string(at_limit) == "none (0)");
  CHECK(beyond.context == text);
  CHECK(beyond.code == code);
}

std::vector<user_id> users(std::size_t count) {
  std::vector<user_id> out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(*user_id::parse("u" + std::to_string(i)));
  return out;
}

item small_item() {
  item x;
  x.seq = {1};
  x.from = bob;
  x.device = *device_id::parse("d");
  x.id = any_id();
  return x;
}

/// A ping with one more key, which holds `value`.
std::string ping_with(std::string_view value) {
  return from_hex("83a174a470696e67a16e01a178").append(value);
}

} // namespace

TEST_CASE("a body may have 65536 bytes") {
  auto with = [](std::size_t n) {
    return decoded(send{any_id(), bob, {}, std::string(n, 'x')});
  };
  check_edge(with(65536), with(65537),
             "send.body: expected a bin of at most 65536 bytes, found a bin of "
             "65537 bytes",
             errc::body_too_large);
}

TEST_CASE("a body too large is told of a batch and of an item, too") {
  send large{any_id(), bob, {}, std::string(65537, 'x')};
  auto of_item = small_item();
  of_item.body = large.body;

  CHECK(decoded(batch{{large}}).code == errc::body_too_large);
  CHECK(decoded(items{{1}, {of_item}}).code == errc::body_too_large);
}

TEST_CASE("a token may have 4096 bytes") {
  auto with = [](std::size_t n) {
    return decoded(auth{std::string(n, 'x'), *device_id::parse("d")});
  };
  check_edge(with(4096), with(4097),
             "auth.token: expected a UTF-8 string of 1 to 4096 bytes, found a "
             "string of 4097 bytes");
}

TEST_CASE("an agent may have 1024 bytes") {
  auto with = [](std::size_t n) {
    return decoded(hello{.agent = std::string(n, 'x')});
  };
  check_edge(with(1024), with(1025),
             "hello.agent: expected a UTF-8 string of at most 1024 bytes, "
             "found a string of 1025 bytes");
}

TEST_CASE("there may be 32 capabilities of 64 bytes") {
  auto with = [](std::size_t count, std::size_t bytes) {
    return decoded(
      hello{.caps = std::vector<std::string>(count, std::string(bytes, 'x'))});
  };
  check_edge(with(32, 64), with(33, 1),
             "hello.caps: expected an array of at most 32, found an array of "
             "33");
  check_edge(with(1, 64), with(1, 65),
             "hello.caps[0]: expected a UTF-8 string of 1 to 64 bytes, found "
             "a string of 65 bytes");
}

TEST_CASE("a goaway may have 16 URLs of 255 bytes") {
  auto with = [](std::size_t count, std::size_t bytes) {
    return decoded(goaway{
      .nodes = std::vector<std::string>(count, std::string(bytes, 'x'))});
  };
  check_edge(with(16, 255), with(17, 1),
             "goaway.nodes: expected an array of at most 16, found an array of "
             "17");
  check_edge(with(1, 255), with(1, 256),
             "goaway.nodes[0]: expected a UTF-8 string of 1 to 255 bytes, "
             "found a string of 256 bytes");
}

TEST_CASE("a title may have 256 bytes and a trace 64") {
  auto title = [](std::size_t n) {
    return decoded(group_create{any_id(), std::string(n, 'x'), {}});
  };
  auto trace = [](std::size_t n) {
    return decoded(send{any_id(), bob, {}, {}, {}, std::string(n, 'x')});
  };
  check_edge(title(256), title(257),
             "group_create.title: expected a UTF-8 string of at most 256 "
             "bytes, found a string of 257 bytes");
  check_edge(trace(64), trace(65),
             "send.trace: expected a UTF-8 string of at most 64 bytes, found "
             "a string of 65 bytes");
}

TEST_CASE("a name may have 64 bytes") {
  auto with = [](std::size_t n) {
    auto bytes =
      from_hex("83a174ad6465766963655f72656d6f7665a16e01a6646576696365d9");
    bytes.push_back(static_cast<char>(n));
    return failure_of(decode_client(bytes.append(n, 'x')));
  };
  check_edge(with(64), with(65),
             "device_remove.device: expected a name of 1 to 64 of A-Z a-z 0-9 "
             ". _ - @ +, found a string of 65 bytes");
}

TEST_CASE("a batch may have 256 sends") {
  auto with = [](std::size_t n) {
    return decoded(batch{std::vector<send>(n, {any_id(), bob, {}, "x"})});
  };
  check_edge(with(256), with(257),
             "batch.sends: expected an array of 1 to 256, found an array of "
             "257");
}

TEST_CASE("a frame may name 1000 users") {
  auto asked = [](std::size_t n) { return decoded(status{1, users(n)}); };
  auto created = [](std::size_t n) {
    return decoded(group_create{any_id(), {}, users(n)});
  };
  check_edge(asked(1000), asked(1001),
             "status.users: expected an array of 1 to 1000, found an array of "
             "1001");
  check_edge(created(1000), created(1001),
             "group_create.members: expected an array of at most 1000, found "
             "an array of 1001");
}

TEST_CASE("a frame may have 1024 items, a page 256") {
  auto inbox = [](std::size_t n) {
    return decoded(items{{1}, std::vector<item>(n, small_item())});
  };
  auto page = [](std::size_t n) {
    return decoded(
      history_page{1, {}, std::vector<item>(n, small_item()), {1}});
  };
  check_edge(inbox(1024), inbox(1025),
             "items.items: expected an array of at most 1024, found an array "
             "of 1025");
  check_edge(page(256), page(257),
             "history_page.items: expected an array of at most 256, found an "
             "array of 257");
}

TEST_CASE("integers go up to 2^53 - 1") {
  constexpr std::uint64_t max = 9007199254740991;
  check_edge(decoded(ping{max}), decoded(ping{max + 1}),
             "ping.n: expected an integer from 0 to 9007199254740991, found "
             "9007199254740992");
}

TEST_CASE("a map may have 32 keys, those that are not known included") {
  auto with = [](int unknown) {
    vectors::json frame{{"t", "ping"}, {"n", 1}};
    for (int i = 0; i < unknown; ++i)
      frame["x" + std::to_string(i)] = i;
    return failure_of(decode_client(vectors::to_msgpack(frame)));
  };
  check_edge(with(30), with(31), "expected a map of at most 32 keys, found 33",
             errc::bad_frame);
}

TEST_CASE("a frame may nest four levels") {
  auto with = [](std::string_view hex) {
    return failure_of(decode_client(ping_with(from_hex(hex))));
  };
  check_edge(with("919190"), with("91919190"),
             "expected at most 4 levels of nesting, found more",
             errc::bad_frame);
}

TEST_CASE("a frame may have 131072 values") {
  // The map, two keys with values, a key, the array: 7.
  auto with = [](std::uint32_t values) {
    std::string array = from_hex("dd");
    for (int shift = 24; shift >= 0; shift -= 8)
      array.push_back(static_cast<char>(values >> shift));
    return failure_of(decode_client(ping_with(array.append(values, '\x01'))));
  };
  check_edge(with(131072 - 7), with(131072 - 6),
             "expected at most 131072 values, found more", errc::bad_frame);
}

TEST_CASE("values are counted in containers that are still open") {
  // An array that announces almost all, whose first element has as many again.
  auto array = from_hex("dd0001fff0dd0000fff0").append(0xfff0, '\x01');
  array.append(0x1ffef, '\x01');

  auto failure = decode_client(ping_with(array)).failure();

  CHECK(failure.context == "expected at most 131072 values, found more");
}

TEST_CASE("a frame may have 262144 bytes") {
  auto with = [](std::size_t size) {
    auto bytes = ping_with(from_hex("c6"));
    auto rest = size - bytes.size() - 4;
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<char>(rest >> shift));
    return failure_of(decode_client(bytes.append(rest, 'x')));
  };
  check_edge(with(262144), with(262145),
             "expected a frame of at most 262144 bytes, found 262145",
             errc::frame_too_large);
}

TEST_CASE("the largest frames of a login fit into its limit") {
  hello first;
  for (std::size_t i = 0; i < limits::caps_max; ++i)
    first.caps.push_back(std::string(limits::cap_bytes_max - 2, 'c')
                         + std::to_string(10 + i));
  first.agent = std::string(limits::text_bytes_max, 'a');
  auth second{std::string(limits::token_bytes_max, 't'),
              *device_id::parse(std::string(64, 'd'))};

  for (const auto& x : {client_frame{first}, client_frame{second}}) {
    std::string bytes;
    encode(x, bytes);
    CHECK(to_string(failure_of(decode_client(bytes))) == "none (0)");
    CHECK(bytes.size() <= limits::login_frame_bytes_max);
  }
}

TEST_CASE("sizes that are announced and not there cost no memory") {
  for (std::string_view hex :
       {"ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff", "c9ffffffff00",
        "81a178ddffffffff", "81a178dbffffffff", "81a178c6ffffffff",
        "82a174a56261746368a573656e6473dd0000ffff",
        "82a174a56261746368a573656e6473ddffffffff"}) {
    CAPTURE(hex);
    auto bytes = from_hex(hex);
    CHECK_FALSE(decode_client(bytes));
    auto before = allocated_bytes();

    CHECK_FALSE(decode_client(bytes));

    CHECK(allocated_bytes() - before < 4096);
  }
}

TEST_CASE("a frame that is decoded again and again allocates its fields") {
  std::string bytes;
  encode(client_frame{send{any_id(), bob, {}, std::string(200, 'x')}}, bytes);
  CHECK(decode_client(bytes));
  auto before = allocated_bytes();

  CHECK(decode_client(bytes));

  // The body, and the stack of msgpack-cxx.
  CHECK(allocated_bytes() - before < 600);
}

TEST_CASE("decoding allocates a small multiple of the input at most") {
  auto array = from_hex("dd0001fff0").append(0x1fff0, '\x01');
  auto bytes = ping_with(array);
  auto before = allocated_bytes();

  CHECK(decode_client(bytes));

  CHECK(allocated_bytes() - before < 64 * bytes.size());
}

TEST_CASE("memory that one large frame took is not kept") {
  auto small = ping_with("\x01");
  auto cost = [&] {
    auto before = allocated_bytes();
    CHECK(decode_client(small));
    return allocated_bytes() - before;
  };
  cost();
  auto usual = cost();
  auto array = from_hex("dd00010000").append(0x10000, '\x01');
  CHECK(decode_client(ping_with(array)));

  auto first = cost();

  CHECK(first > usual);
  CHECK(cost() == usual);
}

} // namespace limits_test
