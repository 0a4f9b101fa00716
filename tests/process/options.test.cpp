// Options that only a real node can show to be heeded.
#include "protocol/codec.hpp"
#include "tests/process/raw_connection.hpp"

#include <doctest/doctest.h>

namespace options_test {

using namespace iris;
using namespace iris::process;

namespace {

user_id user(const char* name) {
  return *user_id::parse(name);
}

/// What the node says to who says hello.
std::string greeting(raw_connection& who) {
  who.send(protocol::hello{});
  who.run_until([&] { return !who.frames().empty(); }, "a greeting");
  const auto& first = who.frames().front();
  const auto* refused = std::get_if<protocol::failed>(&first);
  return std::string{refused ? to_string(refused->code)
                             : protocol::type_name(first)};
}

void send_all(raw_connection& writer, std::size_t count,
              const std::string& body) {
  random_source random{1};
  for (std::size_t i = 0; i < count; ++i) {
    protocol::send x;
    x.id = make_message_id(system_clock().wall_now(), random);
    x.to = user("reader");
    x.body = body;
    writer.send(x);
  }
  writer.await<protocol::sent>(count);
}

/// What items the node sent carry, in all.
std::size_t body_bytes_of(const raw_connection& reader) {
  std::size_t out = 0;
  for (const auto& frame : reader.frames())
    if (const auto* page = std::get_if<protocol::items>(&frame))
      for (const auto& x : page->list)
        out += x.body.size();
  return out;
}

} // namespace

TEST_CASE("SIGHUP makes a node heed its file, unless that is wrong") {
  real_node node{"[limits]\nconnections = 1\n"};
  node.start();
  boost::asio::io_context io;
  raw_connection first{io, node, "tcp"};
  REQUIRE(greeting(first) == "welcome");
  raw_connection early{io, node, "tcp"};
  CHECK(greeting(early) == "overloaded");

  node.reload("[limits]\nconnections = 2\nmailbox = 2048\n");

  node.await_log("\"option not changed\" option=limits.mailbox");
  raw_connection second{io, node, "tcp"};
  CHECK(greeting(second) == "welcome");
  node.reload("[limits]\nconnections = \"some\"\n");
  node.await_log("\"not reloaded\" problem=");
  raw_connection third{io, node, "tcp"};
  CHECK(greeting(third) == "overloaded");
  // It still counts two, and still listens to its operator.
  node.reload("[limits]\nconnections = 3\ngroup_members = 7\n");
  node.await_log("\"option not changed\" option=limits.group_members");
  raw_connection fourth{io, node, "tcp"};
  CHECK(greeting(fourth) == "welcome");
}

TEST_CASE("storage.cache bounds the store's blocks in memory") {
  constexpr double cache_bytes = 1024 * 1024;
  constexpr std::size_t count = protocol::limits::in_flight_max;
  const std::string body(4096, 'x');
  static_assert(count * 4096 > 2 * cache_bytes);
  real_node node{"[storage]\ncache = \"1 MiB\"\nreserve = \"16 MiB\"\n"};
  node.start();
  boost::asio::io_context io;
  {
    raw_connection writer{io, node, "tcp"};
    writer.log_in(user("writer"), "phone", node.token(user("writer")));
    send_all(writer, count, body);
  }
  // Stopped, so that the state has all of it: what a start replays from the
  // replicated log is in memory. A start makes tables of what is in files.
  REQUIRE(node.terminate());
  node.start();
  auto nothing_read = node.metrics().at("iris_store_cache_bytes");

  raw_connection reader{io, node, "tcp"};
  reader.log_in(user("reader"), "phone", node.token(user("reader")));
  reader.send(protocol::sync{inbox_offset{0}, protocol::limits::window_max});
  reader.run_until([&] { return body_bytes_of(reader) == count * body.size(); },
                   "the whole inbox");

  auto read = node.metrics().at("iris_store_cache_bytes");
  CHECK(nothing_read < cache_bytes / 2);
  CHECK(read > cache_bytes / 2);
  CHECK(read <= cache_bytes);
}

} // namespace options_test
