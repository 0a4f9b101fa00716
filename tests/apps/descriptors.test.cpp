#include "apps/descriptors.hpp"

#include <doctest/doctest.h>

namespace descriptors_test {

using namespace iris;
using namespace iris::apps;

namespace {

constexpr std::size_t mib = 1024 * 1024;

std::size_t own(std::uint32_t threads, std::size_t cache_bytes) {
  auto settings = config::defaults();
  settings.node.threads = threads;
  persistence::node_options store;
  store.state.cache_bytes = cache_bytes;
  store.log.cache_bytes = mib;
  return own_descriptors(settings, store);
}

} // namespace

TEST_CASE("what a node opens itself grows with its threads and its cache") {
  // 64 tables and 48 other files for each database, and LOCK; 3 for each
  // thread and the admin interface's; 4 + 5 + 64 + 32.
  CHECK(own(1, mib) == 2 * 112 + 1 + 6 + 105);
  CHECK(own(9, mib) == own(1, mib) + 24);
  CHECK(own(1, 64 * mib) == own(1, mib) + 512 - 64);
  CHECK(own(1, 1024 * mib) == own(1, mib) + 1000 - 64);
}

TEST_CASE("a node of several leaves room for others, and for strangers") {
  auto several = config::defaults();
  several.cluster.address = {"127.0.0.1", 7400};
  several.cluster.nodes = {"1=a:1", "2=b:1", "3=c:1"};
  persistence::node_options store;

  CHECK(own_descriptors(several, store)
        == own_descriptors(config::defaults(), store) + 1 + 3 + 3 * 4 + 2 * 64);
}

TEST_CASE("clients get what the node leaves, a few of them to be refused") {
  CHECK(*share_descriptors(400, 336) == descriptors{400, 336, 56, 8});
  CHECK(*share_descriptors(1'000'000, 336)
        == descriptors{1'000'000, 336, 999'408, 256});
  CHECK(*share_descriptors(337, 336) == descriptors{337, 336, 1, 0});
}

TEST_CASE("the limit that is asked for is enough, and not much more") {
  for (std::size_t wanted : {1, 100, 20'000}) {
    auto limit = descriptors_needed(336, wanted);
    CHECK(share_descriptors(limit, 336)->connections >= wanted);
    CHECK(share_descriptors(limit - 256, 336)->connections <= wanted);
  }
}

TEST_CASE(
  "a limit that leaves nothing for clients is an error with a way out") {
  auto shared = share_descriptors(336, 336);

  REQUIRE_FALSE(shared);
  CHECK(shared.failure()
        == error{errc::io_failed,
                 "the limit of open files is 336, expected at least 337: 336 "
                 "for the node itself and 1 for a client; raise it with ulimit "
                 "-n, or LimitNOFILE of a systemd unit"});
}

} // namespace descriptors_test
