#include "clients/cpp/endpoints.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace endpoints_test {

using namespace iris;
using client::endpoints;
using strings = std::vector<std::string>;

namespace {

struct around {
  explicit around(strings configured)
    : random(1), all(std::move(configured), random) {}

  void learn(const strings& told) { all.learn(told, random); }

  strings next(std::size_t count) {
    strings out;
    while (out.size() < count)
      out.push_back(all.next());
    return out;
  }
  /// All of them, sorted.
  strings known() {
    auto out = next(all.size());
    std::sort(out.begin(), out.end());
    return out;
  }

  random_source random;
  endpoints all;
};

strings numbered(const std::string& name, std::size_t count) {
  strings out;
  for (std::size_t i = 1; i <= count; ++i)
    out.push_back("tcp://" + name + ":" + std::to_string(i));
  return out;
}

} // namespace

TEST_CASE("nodes that were told come next, and who told of them last") {
  around a{{"tcp://a:1", "tcp://b:1", "tcp://c:1"}};
  auto here = a.next(1);

  a.learn({"tcp://x:1", "tcp://y:1"});

  auto found = a.next(5);
  CHECK(std::set<std::string>{found[0], found[1]}
        == std::set<std::string>{"tcp://x:1", "tcp://y:1"});
  CHECK(found[4] == here[0]);
  CHECK(a.next(5) == found);
}

TEST_CASE("a node that was configured and is told comes next, once") {
  around a{{"tcp://a:1", "tcp://b:1", "tcp://c:1"}};
  auto order = a.next(3);

  a.learn({order[1], order[1], order[2]});

  CHECK(a.next(3) == strings{order[1], order[0], order[2]});
}

TEST_CASE("clients that are told the same begin with different nodes") {
  std::set<std::string> first;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    random_source random{seed};
    endpoints all{{"tcp://a:1"}, random};
    all.next();
    all.learn({"tcp://x:1", "tcp://y:1", "tcp://z:1"}, random);
    first.insert(all.next());
  }
  CHECK(first.size() == 3);
}

TEST_CASE("nobody is sent where it is less safe or has no way to") {
  const strings told{"tcp://x:1", "tls://x:2", "ws://x:3", "wss://x:4",
                     "TLS://x:5", "x:6",       "",         "tls://x"};
  struct {
    strings configured, taken;
  } rows[] = {
    {{"tcp://a:1"}, {"tcp://x:1"}},
    {{"tls://a:1"}, {"tls://x:2"}},
    {{"ws://a:1"}, {"ws://x:3"}},
    {{"wss://a:1/x"}, {"wss://x:4"}},
    {{"tls://a:1", "wss://a:2"}, {"tls://x:2", "wss://x:4"}},
    {{"tcp://a:1", "ws://a:2"}, {"tcp://x:1", "ws://x:3"}},
    {{"tcp://a:1", "tls://a:2"}, {"tls://x:2"}},
    {{"ws://a:1", "tls://a:2"}, {"tls://x:2"}},
    {{"a name that a test gave"}, {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.configured.front());
    around a{row.configured};
    a.next(1);

    a.learn(told);

    auto expected = row.configured;
    expected.insert(expected.end(), row.taken.begin(), row.taken.end());
    std::sort(expected.begin(), expected.end());
    CHECK(a.known() == expected);
  }
}

TEST_CASE("who was told goes when others are, who was configured stays") {
  around a{{"tcp://a:1", "tcp://b:1"}};
  a.next(1);
  a.learn(numbered("old", endpoints::told_max));
  a.next(3);

  a.learn(numbered("new", endpoints::told_max));

  auto expected = numbered("new", endpoints::told_max);
  expected.insert(expected.end(), {"tcp://a:1", "tcp://b:1"});
  std::sort(expected.begin(), expected.end());
  CHECK(a.known() == expected);
}

TEST_CASE("of those that were told, who was tried last is forgotten first") {
  around a{{"tcp://a:1"}};
  a.next(1);
  a.learn(numbered("old", endpoints::told_max));
  auto here = a.next(1)[0];

  a.learn({"tcp://new:1"});

  auto known = a.known();
  CHECK(known.size() == endpoints::told_max + 1);
  auto knows = [&](const std::string& x) {
    return std::find(known.begin(), known.end(), x) != known.end();
  };
  CHECK(knows("tcp://new:1"));
  CHECK(knows("tcp://a:1"));
  CHECK_FALSE(knows(here));
}

} // namespace endpoints_test
