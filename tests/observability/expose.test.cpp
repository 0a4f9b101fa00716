#include "observability/expose.hpp"
#include "tests/observability/exposition_checker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace expose_test {

using namespace iris::observability;
using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

/// The lines of an exposition that start so.
strings lines_of(const std::string& text, std::string_view start) {
  strings result;
  for (std::size_t from = 0; from < text.size();) {
    auto end = text.find('\n', from);
    auto line = text.substr(from, end - from);
    if (line.starts_with(start))
      result.push_back(line);
    from = end + 1;
  }
  return result;
}

void use_every_family(metrics& m) {
  for (const char* x : {"wss", "tcp", "ws", "tls"}) {
    m.connections.with(x).set(1);
    m.connections_accepted.with(x).add();
  }
  m.connections_refused.with("rate_limited").add();
  m.errors.with("overloaded").add(2);
  m.mailbox_rejected.with("user").add();
  m.actor_restarts.with("conversation").add();
  m.dead_letters.with("user").add();
  m.link_up.with("2").set(1);
  m.links_refused.with("handshake").add();
  m.link_bytes_out.with("bulk").add();
  m.link_bytes_in.with("bulk").add();
  m.link_frames_refused.with("bulk").add();
  m.certificate_expires.with("edge").set(1);
  m.shard_leader.with("3").set(1);
  m.shard_lag.with("3").set(0);
  m.shard_stopped.with("3").set(0);
  m.shard_copying.with("3").set(0);
  m.shard_behind.with("3").set(0);
  m.build_info.with("0.1.0").set(1);
}

} // namespace

TEST_CASE("an exposition of everything keeps the rules of Prometheus") {
  metrics m;
  use_every_family(m);
  m.commit_seconds.observe(3ms);

  auto text = expose(m);

  CHECK(faults_of(text) == strings{});
  CHECK(lines_of(text, "# TYPE ").size() == m.all().entries().size());
}

TEST_CASE("a scrape of a node that did nothing keeps the rules, too") {
  metrics m;

  CHECK(faults_of(expose(m)) == strings{});
}

TEST_CASE("the checker finds what is wrong") {
  auto head =
    std::string{"# HELP iris_x_total X\n# TYPE iris_x_total counter\n"};
  auto gauge = std::string{"# HELP iris_x X\n# TYPE iris_x gauge\n"};

  CHECK(faults_of(head + "iris_x_total 1\n") == strings{});
  CHECK(faults_of(head).size() == 1);
  CHECK(faults_of(head + "iris_x_total one\n").size() == 1);
  CHECK(faults_of(head + "iris_y_total 1\n").size() == 1);
  CHECK(faults_of(head + "iris_x_total 1").size() == 1);
  CHECK(faults_of(gauge + "iris_x{a=\"2\"} 1\niris_x{a=\"1\"} 1\n").size()
        == 1);
  CHECK(faults_of(gauge + "iris_x{a=\"1\"} 1\niris_x{a=\"1\"} 1\n").size()
        == 1);
  CHECK(faults_of("# HELP iris_x X\n# TYPE iris_x counter\niris_x 1\n").size()
        == 1);
  CHECK(faults_of("iris_x 1\n") == strings{"before any HELP: iris_x 1"});
}

TEST_CASE("series stand under their name, sorted by label") {
  metrics m;
  use_every_family(m);

  auto text = expose(m);

  CHECK(lines_of(text, "iris_connections{")
        == strings{"iris_connections{transport=\"tcp\"} 1",
                   "iris_connections{transport=\"tls\"} 1",
                   "iris_connections{transport=\"ws\"} 1",
                   "iris_connections{transport=\"wss\"} 1"});
  CHECK(lines_of(text, "iris_errors_total")
        == strings{"iris_errors_total{code=\"overloaded\"} 2"});
}

TEST_CASE("a counter is exposed to the last digit") {
  metrics m;

  m.messages_in.add(123'456'789'012'345);

  CHECK(lines_of(expose(m), "iris_messages_in_total ")
        == strings{"iris_messages_in_total 123456789012345"});
}

TEST_CASE("a histogram is exposed with cumulative buckets in seconds") {
  metrics m;

  m.fsync_seconds.observe(10us);
  m.fsync_seconds.observe(1ms);
  m.fsync_seconds.observe(200s);

  auto lines = lines_of(expose(m), "iris_fsync_seconds");
  REQUIRE(lines.size() == histogram::bounds + 3);
  auto has = [&](std::string_view x) {
    return std::find(lines.begin(), lines.end(), x) != lines.end();
  };
  CHECK(has("iris_fsync_seconds_bucket{le=\"1e-05\"} 1"));
  CHECK(has("iris_fsync_seconds_bucket{le=\"0.0005\"} 1"));
  CHECK(has("iris_fsync_seconds_bucket{le=\"0.001\"} 2"));
  CHECK(has("iris_fsync_seconds_bucket{le=\"100\"} 2"));
  CHECK(has("iris_fsync_seconds_bucket{le=\"+Inf\"} 3"));
  CHECK(has("iris_fsync_seconds_count 3"));
  CHECK(has("iris_fsync_seconds_sum 200.00101"));
}

TEST_CASE("a label with quotes, line ends and backslashes is escaped") {
  metrics m;

  m.build_info.with("a\"b\\c\nd").set(1);

  auto text = expose(m);
  CHECK(faults_of(text) == strings{});
  CHECK(lines_of(text, "iris_build_info")
        == strings{"iris_build_info{version=\"a\\\"b\\\\c\\nd\"} 1"});
}

TEST_CASE("two nodes of one process count apart") {
  metrics a, b;

  a.messages_in.add(2);
  b.messages_in.add(5);

  CHECK(a.messages_in.value() == 2);
  CHECK(b.messages_in.value() == 5);
}

TEST_CASE("units are in the names") {
  metrics m;
  for (const auto& x : m.all().entries()) {
    const auto& about = x.about;
    CAPTURE(about.name);
    auto name = about.name;
    if (name.ends_with("_total"))
      name.remove_suffix(6);
    CHECK(name.ends_with("_seconds") == (about.of == unit::seconds));
    CHECK(name.ends_with("_bytes") == (about.of == unit::bytes));
    CHECK(about.help.size() > 10);
  }
}

// IRIS_WRITE_DOCS=1 brings the page up to date.
TEST_CASE("docs/metrics.md says what the declarations say") {
  constexpr auto path = IRIS_SOURCE_DIR "/docs/metrics.md";
  auto expected = render_docs(metrics{});
  if (std::getenv("IRIS_WRITE_DOCS"))
    std::ofstream{path} << expected;

  std::ifstream in{path};
  std::string committed{std::istreambuf_iterator<char>{in}, {}};

  CHECK(committed == expected);
}

} // namespace expose_test
