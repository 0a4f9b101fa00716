#include "tests/edge/stage.hpp"

namespace pacing_test {

using namespace iris;
using namespace iris::edge::test;

namespace {

/// As connection.cpp expects a page to be, and log_reader.hpp makes it.
constexpr std::size_t page_bytes = 64 * 1024;

/// A client that asks for much; the test answers.
struct asking_client : stage {
  explicit asking_client(std::size_t output_bytes) : pair(at(output_bytes)) {
    owner = pair.serve();
    pair.client->send(
      framed(protocol::hello{})
      + framed(protocol::auth{"alice", *device_id::parse("phone")}));
    until([&] { return metrics.frames_in.value() == 2; }, "the login");
    settle();
    caf::anon_send(owner, actors::attached{{}, {0}, {0}, {0}, 1});
    until([&] { return pair.has("ready"); }, "ready");
  }

  stage& at(std::size_t output_bytes) {
    options.output_bytes_max = output_bytes;
    return *this;
  }

  void answer(std::uint64_t tag) {
    caf::anon_send(owner, actors::answered{tag, protocol::done{}, {}});
  }

  tcp_pair pair;
  actors::connection_actor owner;
};

} // namespace

TEST_CASE("more is not asked for than there is room to answer") {
  constexpr std::uint64_t room = 8;
  asking_client it{room * page_bytes};
  std::string asked;
  for (std::uint64_t i = 1; i <= 2 * room; ++i)
    asked += framed(protocol::history{i, {}, {1}, 256, false});
  asked += framed(protocol::ping{77});
  it.pair.client->send(asked);
  it.until([&] { return it.metrics.frames_in.value() == 3 + 2 * room; },
           "all that was asked");
  it.settle();

  // As many wait as fit, and what is behind them waits for them.
  for (std::uint64_t i = 1; i <= room; ++i) {
    CHECK_FALSE(it.pair.has("pong 77"));
    it.answer(i);
    it.settle();
  }
  it.answer(room + 1);

  it.until([&] { return it.pair.has("pong 77"); }, "the pong");
}

} // namespace pacing_test
