#include "observability/process.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

namespace process_test {

using namespace iris;
using namespace iris::observability;
using namespace std::chrono_literals;

namespace {

struct set_clock : iris::clock {
  timestamp wall_now() const override { return {}; }
  std::chrono::nanoseconds steady_now() const override { return steady; }

  std::chrono::nanoseconds steady = 100s;
};

} // namespace

TEST_CASE("uptime counts from the making of the sampler") {
  set_clock time;
  metrics m;
  process_sampler process{time};

  time.steady += 42s;
  process.sample(m);

  CHECK(m.uptime_seconds.value() == 42);
}

TEST_CASE("memory is that of a running process") {
  set_clock time;
  metrics m;

  process_sampler{time}.sample(m);

  CHECK(m.resident_bytes.value() > 1 << 20);
  CHECK(m.resident_bytes.value() % ::sysconf(_SC_PAGESIZE) == 0);
}

TEST_CASE("an opened file is one more descriptor") {
  set_clock time;
  metrics m;
  process_sampler process{time};
  process.sample(m);
  auto before = m.open_fds.value();

  int fd = ::open("/dev/null", O_RDONLY);
  process.sample(m);
  ::close(fd);

  CHECK(m.open_fds.value() == before + 1);
  CHECK(m.max_fds.value() >= m.open_fds.value());
}

} // namespace process_test
