#include "cluster/links/handshake.hpp"

#include "base/codec.hpp"
#include "config/client_url.hpp"
#include "tests/cluster/links/rig.hpp"

namespace handshake_test {

using namespace iris;
using namespace iris::cluster;
using namespace iris::cluster::test;

namespace {

/// One end of a handshake.
struct end_of {
  explicit end_of(const node_setup& setup)
    : options(options_of(setup)), hands(options, system_clock(), setup.past()) {
    // nop
  }

  link_options options;
  handshake hands;
};

template <class T>
std::string failure(const result<T>& x) {
  return x ? "" : x.failure().context;
}

/// Others' words, changed.
template <class Message, class Change>
void retell(Message& what, Change change) {
  auto said = decode_introduction(what.words);
  REQUIRE(said);
  change(*said);
  what.words = encode(*said);
}

/// What the acceptor says of the connector in the end; "" if it is content.
std::string meet(end_of& connector, end_of& acceptor) {
  auto greeting = connector.hands.greet(acceptor.options.self.node);
  auto welcome = acceptor.hands.answer(greeting);
  if (!welcome)
    return failure(welcome);
  auto proof = connector.hands.answer(*welcome);
  return proof ? failure(acceptor.hands.judge(*proof))
               : "connector: " + failure(proof);
}

} // namespace

TEST_CASE("two nodes of a cluster know each other afterwards") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};

  CHECK(meet(one, two) == "");

  CHECK(one.hands.peer() == two.options.self);
  CHECK(two.hands.peer() == one.options.self);
  CHECK(one.hands.session() == two.hands.session());
  CHECK(one.hands.session().connector != one.hands.session().acceptor);
}

TEST_CASE("a node's certificate is good for no other node") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};
  auto third = ca.files_of({3});

  SUBCASE("that connects") {
    one.options.files = third;
    CHECK(meet(one, two)
          == "it has the certificate of node 3: expected that of node 1");
  }
  SUBCASE("that is called") {
    two.options.files = third;
    CHECK(meet(one, two)
          == "connector: it has the certificate of node 3: expected that of "
             "node 2");
  }
}

TEST_CASE("another cluster's certificate is refused, also by a trusted CA") {
  authority ca, other{"other"};
  end_of one{ca.setup(1)}, two{ca.setup(2)};
  one.options.files = other.files_of({1});
  one.options.files.ca = ca.ca();
  two.options.files.ca = other.ca();

  CHECK(meet(one, two).find("expected urn:iris:demo:node:N")
        != std::string::npos);
}

TEST_CASE("a certificate of another CA or of another time is refused") {
  authority ca, other;
  end_of one{ca.setup(1)}, two{ca.setup(2)};

  SUBCASE("CA") {
    one.options.files = other.files_of({1});
    one.options.files.ca = ca.ca();
    CHECK(meet(one, two).find("is not trusted") != std::string::npos);
  }
  SUBCASE("time") {
    auto old = ca.expired({1});
    one.options.files = {ca.ca(), old, old};
    CHECK(meet(one, two).find("certificate has expired") != std::string::npos);
  }
}

TEST_CASE("a certificate without its key proves nothing") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};
  auto welcome = two.hands.answer(one.hands.greet({2}));
  REQUIRE(welcome);
  auto proof = one.hands.answer(*welcome);
  REQUIRE(proof);

  SUBCASE("another signature") {
    proof->signature.back() ^= 1;
  }
  SUBCASE("none") {
    proof->signature.clear();
  }
  SUBCASE("the acceptor's own words back to it") {
    *proof = welcome->proof;
  }
  SUBCASE("no certificate") {
    proof->certificate = "nonsense";
  }

  CHECK(!two.hands.judge(*proof));
}

TEST_CASE("a proof is good for one attempt") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)}, again{ca.setup(2)};
  auto greeting = one.hands.greet({2});
  auto first = two.hands.answer(greeting);
  auto second = again.hands.answer(greeting);
  REQUIRE(first);
  REQUIRE(second);
  auto proof = one.hands.answer(*first);
  REQUIRE(proof);

  CHECK(two.hands.judge(*proof));
  CHECK(!again.hands.judge(*proof));
}

TEST_CASE("what a node says of itself is signed") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};
  auto greeting = one.hands.greet({2});
  SUBCASE("its incarnation") {
    retell(greeting, [](auto& x) { x.from.incarnation = 7; });
  }
  SUBCASE("its past") {
    retell(greeting, [](auto& x) { x.from.past = "another"; });
  }
  SUBCASE("where clients reach it") {
    retell(greeting, [](auto& x) { x.from.urls = {"tls://a:1"}; });
  }
  SUBCASE("which versions it speaks") {
    retell(greeting, [](auto& x) { x.speaks.max = 9; });
  }
  SUBCASE("what only later versions understand") {
    greeting.words += "more";
  }
  auto welcome = two.hands.answer(greeting);
  REQUIRE(welcome);

  CHECK(!one.hands.answer(*welcome));
}

TEST_CASE("an acceptor refuses who talks to somebody else") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};
  auto greeting = one.hands.greet({2});

  SUBCASE("another node") {
    retell(greeting, [](auto& x) { x.to = {3}; });
    CHECK(failure(two.hands.answer(greeting))
          == "it looks for node 3: this is node 2");
  }
  SUBCASE("another cluster") {
    retell(greeting, [](auto& x) { x.cluster = "other"; });
    CHECK(failure(two.hands.answer(greeting))
          == "it is of the cluster \"other\": expected \"demo\"");
  }
  SUBCASE("nobody, for it says too little") {
    greeting.words.resize(20);
    CHECK(failure(two.hands.answer(greeting))
          == "it says less of itself than expected");
  }
  SUBCASE("a nonce that is none") {
    retell(greeting, [](auto& x) { x.nonce = "short"; });
    auto welcome = two.hands.answer(greeting);
    REQUIRE(welcome);
    CHECK(failure(two.hands.judge({}))
          == "its nonce is too short: expected 32 bytes");
  }
}

TEST_CASE("both ends speak the highest version that both know") {
  struct {
    frame_versions one, two;
    int spoken;
  } cases[] = {{{1, 1}, {1, 1}, 1},
               {{1, 2}, {2, 3}, 2},
               {{2, 5}, {1, 3}, 3},
               {{1, 4}, {2, 3}, 3},
               {{3, 3}, {1, 7}, 3}};
  authority ca;
  for (const auto& x : cases) {
    CAPTURE(x.spoken);
    auto first = ca.setup(1), second = ca.setup(2);
    first.speaks = x.one;
    second.speaks = x.two;
    end_of one{first}, two{second};

    CHECK(meet(one, two) == "");

    CHECK(one.hands.version() == x.spoken);
    CHECK(two.hands.version() == x.spoken);
  }
}

TEST_CASE("ends without a version in common refuse in the same words") {
  authority ca;
  auto first = ca.setup(1), second = ca.setup(2);
  first.speaks = {1, 2};
  second.speaks = {3, 4};
  end_of one{first}, two{second};

  SUBCASE("the older calls") {
    CHECK(meet(one, two)
          == "node 1 speaks versions 1 to 2 of node frames, node 2 versions 3 "
             "to 4: expected one in common; upgrade node 1, and skip no "
             "release that speaks both");
  }
  SUBCASE("the newer calls") {
    CHECK(meet(two, one)
          == "node 2 speaks versions 3 to 4 of node frames, node 1 versions 1 "
             "to 2: expected one in common; upgrade node 1, and skip no "
             "release that speaks both");
  }
  SUBCASE("the acceptor says so in its welcome") {
    two.options.speaks = {2, 2};
    auto welcome = two.hands.answer(one.hands.greet({2}));
    REQUIRE(welcome);
    retell(*welcome, [](auto& x) { x.speaks = {4, 4}; });
    CHECK(failure(one.hands.answer(*welcome))
            .starts_with("node 2 speaks version 4 of node frames, node 1 "
                         "versions 1 to 2: expected one in common"));
  }
}

TEST_CASE("what a later version says more is not minded") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};
  auto greeting = one.hands.greet({2});
  greeting.words += "more";

  CHECK(two.hands.answer(greeting));

  CHECK(two.hands.peer() == one.options.self);
}

TEST_CASE("each end hears where clients reach the other") {
  authority ca;
  auto first = ca.setup(1), second = ca.setup(2);
  first.urls = {"tcp://a:1", "tls://a:2", "ws://a:3", "wss://a:4/iris"};
  end_of one{first}, two{second};

  CHECK(meet(one, two) == "");

  CHECK(two.hands.peer().urls == first.urls);
  CHECK(one.hands.peer().urls.empty());
}

TEST_CASE("of a peer's URLs some are taken, and only good ones") {
  auto words = encode(introduction{});
  words.pop_back(); // That there are none.
  encoder to{words};
  to.u8(255).bytes("nonsense").bytes(std::string(100'000, 'x'));
  std::string longest = "wss://a:1/";
  longest.resize(config::client_url_bytes_max, 'x');
  to.bytes(longest + 'x').bytes(longest);
  for (int i = 1; i <= 251; ++i)
    to.bytes("tls://a:" + std::to_string(i));
  const std::vector<std::string> good{longest, "tls://a:1", "tls://a:2",
                                      "tls://a:3"};

  SUBCASE("whole") {
    auto found = decode_introduction(words);
    REQUIRE(found);
    CHECK(found->from.urls == good);
  }
  SUBCASE("with what a later version says more") {
    auto found = decode_introduction(words + "more");
    REQUIRE(found);
    CHECK(found->from.urls == good);
  }
  SUBCASE("cut off") {
    words.pop_back();
    CHECK(!decode_introduction(words));
  }
}

TEST_CASE("who says nothing of clients is an older node") {
  auto words = encode(introduction{});
  words.pop_back();

  auto found = decode_introduction(words);

  REQUIRE(found);
  CHECK(found->from.urls.empty());
}

TEST_CASE("each end is shown the other's past, and no more than is allowed") {
  authority ca;
  auto first = ca.setup(1), second = ca.setup(2);
  first.past = [] { return std::string(past_bytes_max, 'x'); };
  second.past = [] { return std::string{"some"}; };

  SUBCASE("no more") {
    end_of one{first}, two{second};
    CHECK(meet(one, two) == "");
    CHECK(two.hands.peer().past == first.past());
    CHECK(one.hands.peer().past == "some");
  }
  SUBCASE("more, of the connector") {
    first.past = [] { return std::string(past_bytes_max + 1, 'x'); };
    end_of one{first}, two{second};
    CHECK(meet(one, two)
          == "it shows 65537 bytes of its past: expected at most 65536");
  }
  SUBCASE("more, of the acceptor") {
    second.past = [] { return std::string(past_bytes_max + 1, 'x'); };
    end_of one{first}, two{second};
    CHECK(meet(one, two)
          == "connector: it shows 65537 bytes of its past: expected at most "
             "65536");
  }
}

TEST_CASE("nodes that were founded differently don't meet") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};
  one.options.self.founding = 1;

  SUBCASE("different") {
    two.options.self.founding = 2;
    CHECK(meet(one, two).find("founded with other") != std::string::npos);
  }
  SUBCASE("the same") {
    two.options.self.founding = 1;
    CHECK(meet(one, two) == "");
  }
  SUBCASE("one joined later") {
    two.options.self.founding = 0;
    CHECK(meet(one, two) == "");
  }
}

TEST_CASE("nodes with another number of shards don't meet, joined or not") {
  authority ca;
  auto first = ca.setup(1), second = ca.setup(2);
  first.founding = 1;
  second.shards = 8;
  end_of one{first}, two{second};

  SUBCASE("who joins is called") {
    CHECK(meet(one, two)
          == "node 1 has node.shards = 12, node 2 has 8: expected the same on "
             "all nodes; a new one takes the number of the others, and an "
             "empty node.data_dir");
  }
  SUBCASE("who joins calls") {
    CHECK(meet(two, one).starts_with("node 2 has node.shards = 8, node 1 has "
                                     "12: expected the same on all nodes"));
  }
  SUBCASE("the acceptor says so in its welcome") {
    two.options.self.shards = 12;
    auto welcome = two.hands.answer(one.hands.greet({2}));
    REQUIRE(welcome);
    retell(*welcome, [](auto& x) { x.from.shards = 8; });
    CHECK(failure(one.hands.answer(*welcome))
            .starts_with("node 2 has node.shards = 8, node 1 has 12: expected "
                         "the same on all nodes"));
  }
}

TEST_CASE("a build from before nodes said their shards is met") {
  authority ca;
  end_of one{ca.setup(1)}, two{ca.setup(2)};

  SUBCASE("without them in its words") {
    auto greeting = one.hands.greet({2});
    // And the count of URLs, none, behind them.
    greeting.words.resize(greeting.words.size() - sizeof(std::uint16_t) - 1);
    CHECK(two.hands.answer(greeting));
    CHECK(two.hands.peer().shards == 0);
  }
  SUBCASE("it calls") {
    one.options.self.shards = 0;
    CHECK(meet(one, two) == "");
  }
  SUBCASE("it is called") {
    two.options.self.shards = 0;
    CHECK(meet(one, two) == "");
  }
}

} // namespace handshake_test
