// Options that only a real node can show to be heeded.
#include "protocol/codec.hpp"
#include "tests/process/raw_connection.hpp"

#include <doctest/doctest.h>

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

std::size_t items_of(const raw_connection& x) {
  std::size_t out = 0;
  for (const auto& frame : x.frames())
    if (const auto* page = std::get_if<protocol::items>(&frame))
      out += page->list.size();
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
  constexpr std::size_t messages = protocol::limits::in_flight_max;
  real_node node{"[storage]\ncache = \"1 MiB\"\n", 1};
  node.start();
  boost::asio::io_context io;
  random_source random{1};
  {
    raw_connection writer{io, node, "tcp"};
    writer.log_in(user("writer"), "phone", node.token(user("writer")));
    for (std::size_t i = 0; i < messages; ++i) {
      protocol::send x;
      x.id = make_message_id(system_clock().wall_now(), random);
      x.to = user("reader");
      x.body = std::string(4096, 'x');
      writer.send(x);
    }
    writer.await<protocol::sent>(messages);
  }
  // What a node finds in its logs when it starts it has in tables then.
  node.kill();
  node.start();
  double found = 0;

  // It looks at its cache once in a while.
  for (int i = 0; i < 10'000 && found < cache_bytes / 2; ++i) {
    raw_connection reader{io, node, "tcp"};
    reader.log_in(user("reader"), "phone", node.token(user("reader")));
    reader.send(protocol::sync{inbox_offset{0}, protocol::limits::window_max});
    reader.run_until([&] { return items_of(reader) == messages; },
                     "the whole inbox");
    found = node.metrics().at("iris_store_cache_bytes");
  }

  CHECK(found >= cache_bytes / 2);
  CHECK(found <= cache_bytes);
}
