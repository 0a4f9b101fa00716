#include "cluster/links/connections.hpp"
#include "security/openssl.hpp"
#include "tests/cluster/links/rig.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace refused_test {

using namespace iris;
using namespace iris::cluster;
using namespace iris::cluster::test;

namespace {

using context_ptr = security::openssl_ptr<SSL_CTX, SSL_CTX_free>;
using ssl_ptr = security::openssl_ptr<SSL, SSL_free>;

/// Nodes 2 and 4, which are linked and stay so, whatever another does.
struct two_good_nodes {
  two_good_nodes() {
    for (auto id : {2, 4}) {
      auto setup = ca.setup(static_cast<std::uint64_t>(id));
      setup.founding = 7;
      if (id == 2)
        setup.admit = [this](const link_peer& x) -> result<void> {
          return x.node == unwanted ? error{errc::forbidden, "wiped"} : error{};
        };
      (id == 2 ? two : four) = std::make_unique<node>(setup);
    }
    know({two->address(), four->address()});
    two->net().start(two->seen());
    four->net().start(four->seen());
    REQUIRE(two->seen().links_are({4}, "+"));
    REQUIRE(four->seen().links_are({2}, "+"));
  }

  void know(const std::vector<link_address>& all) {
    two->net().set_peers(all);
    four->net().set_peers(all);
  }

  /// It is called by 2 and 4, or calls them.
  void meet(node& other) {
    std::vector all = {two->address(), four->address(), other.address()};
    know(all);
    other.start(all);
  }

  ~two_good_nodes() {
    CHECK(two->net().send({4}, lane::commands, "to four"));
    CHECK(four->net().send({2}, lane::commands, "to two"));
    CHECK(two->seen().frames_come({4}, 1));
    CHECK(four->seen().frames_come({2}, 1));
    // One that was up all the time.
    two->net().close();
    CHECK(two->seen().links_are({4}, "+-"));
    CHECK(two->metrics().links_made.value() == 1);
  }

  authority ca;
  node_id unwanted;
  std::unique_ptr<node> two, four;
};

socket_fd dial(node& to) {
  auto fd = connect_to(to.address().at, std::chrono::seconds{10});
  REQUIRE(fd);
  return *std::move(fd);
}

/// Whether the other end closes it.
bool closed(int fd) {
  timeval patience{30, 0};
  REQUIRE(::fcntl(fd, F_SETFL, 0) == 0);
  REQUIRE(::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience)
          == 0);
  char some[1024];
  auto got = ::recv(fd, some, sizeof some, 0);
  while (got > 0)
    got = ::recv(fd, some, sizeof some, 0);
  return got == 0 || errno == ECONNRESET;
}

errc open_code(const node_setup& setup, std::string& context) {
  observability::metrics metrics;
  observability::log_options quiet;
  quiet.queue_lines = 0;
  observability::logger log{quiet, std::make_shared<log_lines>(),
                            system_clock()};
  auto made =
    links::open(options_of(setup), {system_clock(), log, metrics, nullptr, 1});
  if (made)
    return errc::none;
  context = made.failure().context;
  return made.failure().code;
}

} // namespace

TEST_CASE("without a certificate of its own a node has no links") {
  authority ca, other;
  auto setup = ca.setup(1);
  std::string context;

  SUBCASE("no files") {
    setup.files = {};
  }
  SUBCASE("no key") {
    setup.files.key = ca.directory() / "nothing.key";
  }
  SUBCASE("another node's") {
    setup.files = ca.files_of({2});
  }
  SUBCASE("another CA's") {
    setup.files.ca = other.ca();
  }
  SUBCASE("another cluster's") {
    setup.cluster = "other";
  }
  SUBCASE("one that has ended") {
    setup.files.certificate = setup.files.key = ca.expired({1});
  }

  CHECK(open_code(setup, context) != errc::none);
  CHECK(context.find("expected") != std::string::npos);
}

namespace {

using choice = std::function<std::filesystem::path(two_good_nodes&, node_id)>;

/// Node 1 calls the good ones, node 9 is called by them, with a certificate
/// that it took after it had started.
void try_with(const choice& certificate, const std::string& reason) {
  for (std::uint64_t id : {1, 9}) {
    CAPTURE(id);
    two_good_nodes good;
    node bad{good.ca.setup(id)};
    bad.take(certificate(good, {id}));

    good.meet(bad);

    CHECK(good.two->log().come(reason));
    CHECK(bad.metrics().links_made.value() == 0);
  }
}

} // namespace

TEST_CASE("a certificate of another CA gets no link and does no harm") {
  authority other;
  try_with([&](auto&, node_id x) { return other.files_of(x).certificate; },
           "certificate verify failed");
}

TEST_CASE("a certificate of another cluster gets no link and does no harm") {
  authority other{"other"};
  try_with([&](auto&, node_id x) { return other.files_of(x).certificate; },
           "certificate verify failed");
}

TEST_CASE("a certificate that has ended gets no link and does no harm") {
  try_with([](auto& good, node_id x) { return good.ca.expired(x); },
           "certificate verify failed");
}

TEST_CASE("another node's certificate gets no link and does no harm") {
  try_with(
    [](auto& good, node_id) { return good.ca.files_of({7}).certificate; },
    "it has the certificate of node 7: expected that of node ");
}

TEST_CASE("who says nothing is sent away") {
  authority ca;
  auto setup = ca.setup(2);
  setup.heartbeat = setup.handshake_timeout = std::chrono::milliseconds{50};
  node two{setup};
  auto silent = dial(two);

  CHECK(closed(silent.get()));
  CHECK(two.log().come("it did not say in time who it is"));
}

TEST_CASE("garbage is refused") {
  two_good_nodes good;
  auto fd = dial(*good.two);
  std::string garbage(100'000, 'G');

  static_cast<void>(
    ::send(fd.get(), garbage.data(), garbage.size(), MSG_NOSIGNAL));

  CHECK(closed(fd.get()));
  CHECK(good.two->log().come("a connection to the links' port was refused"));
}

TEST_CASE("garbage again and again doesn't touch the others' TLS") {
  two_good_nodes good;
  for (int i = 0; i < 50; ++i) {
    auto fd = dial(*good.two);
    static_cast<void>(::send(fd.get(), "GET / HTTP/1.1", 14, MSG_NOSIGNAL));
    CHECK(good.two->net().send({4}, lane::consensus, "x"));
    CHECK(closed(fd.get()));
  }
}

TEST_CASE("BASP without TLS is refused") {
  two_good_nodes good;
  auto fd = dial(*good.two);
  // A client handshake of CAF, as it would be sent in the clear.
  std::string header(64, '\0');
  header[0] = 1;

  static_cast<void>(
    ::send(fd.get(), header.data(), header.size(), MSG_NOSIGNAL));

  CHECK(closed(fd.get()));
}

TEST_CASE("strangers that say nothing don't keep a peer from its link") {
  authority ca;
  auto setup = ca.setup(2);
  setup.handshake_timeout = std::chrono::hours{1};
  node one{ca.setup(1)}, two{setup};
  std::vector<socket_fd> silent;
  for (std::size_t i = 0; i < connections::strangers_max; ++i)
    silent.push_back(dial(two));

  join({&one, &two});

  CHECK(closed(silent.front().get()));
  CHECK(one.seen().links_are({2}, "+"));
  CHECK(two.seen().links_are({1}, "+"));
  CHECK(two.log().come("too many have not said who they are"));
}

TEST_CASE("refusals for one reason are a line, not one each") {
  authority ca;
  node two{ca.setup(2)};
  for (int i = 0; i < 20; ++i) {
    auto fd = dial(two);
    // Two kinds in turn, that OpenSSL tells apart.
    auto word = i % 2 == 0 ? std::string_view{"GET / HTTP/1.1"}
                           : std::string_view{"\x16\x01\x01\x01\x01 hello"};
    static_cast<void>(::send(fd.get(), word.data(), word.size(), MSG_NOSIGNAL));
    REQUIRE(closed(fd.get()));
  }

  two.net().close();

  CHECK(two.metrics().links_refused.with("connection").value() == 20);
  CHECK(two.log().count("a connection to the links' port was refused") == 2);
}

namespace {

/// The outcome of a TLS handshake, and the certificate that it was tried with.
int shake_hands(node& with, int version, const link_files* files) {
  context_ptr context{SSL_CTX_new(TLS_client_method())};
  REQUIRE(SSL_CTX_set_min_proto_version(context.get(), version) == 1);
  REQUIRE(SSL_CTX_set_max_proto_version(context.get(), version) == 1);
  if (files) {
    REQUIRE(SSL_CTX_use_certificate_chain_file(context.get(),
                                               files->certificate.c_str())
            == 1);
    REQUIRE(SSL_CTX_use_PrivateKey_file(context.get(), files->key.c_str(),
                                        SSL_FILETYPE_PEM)
            == 1);
  }
  auto fd = dial(with);
  REQUIRE(::fcntl(fd.get(), F_SETFL, 0) == 0);
  ssl_ptr ssl{SSL_new(context.get())};
  REQUIRE(SSL_set_fd(ssl.get(), fd.get()) == 1);
  auto done = SSL_connect(ssl.get());
  // In TLS 1.3 a client hears of its refusal only when it reads.
  char byte;
  if (done == 1)
    done = SSL_read(ssl.get(), &byte, 1);
  security::take_openssl_errors();
  return done;
}

} // namespace

TEST_CASE("TLS 1.2 is refused, with the right certificate too") {
  two_good_nodes good;
  auto files = good.ca.files_of({1});

  CHECK(shake_hands(*good.two, TLS1_2_VERSION, &files) <= 0);

  CHECK(good.two->log().come("unsupported protocol"));
  CHECK(shake_hands(*good.two, TLS1_3_VERSION, &files) == 1);
}

TEST_CASE("TLS without a certificate is refused") {
  two_good_nodes good;

  CHECK(shake_hands(*good.two, TLS1_3_VERSION, nullptr) <= 0);

  CHECK(good.two->log().come("peer did not return a certificate"));
}

TEST_CASE("a node that nobody listed is refused") {
  two_good_nodes good;
  node unknown{good.ca.setup(1)};

  unknown.start({good.two->address()});

  CHECK(unknown.log().come("it refuses this node: it doesn't know a node 1"));
  CHECK(unknown.metrics().links_made.value() == 0);
}

TEST_CASE("a node that founded a cluster of its own says so to who calls it") {
  authority ca;
  node one{ca.setup(1)}, alone{ca.setup(2)};
  alone.start({});

  one.start({alone.address()});

  CHECK(one.log().come("it refuses this node: it knows no other node: it "
                       "founded a cluster of its own"));
}

TEST_CASE("a node that is not where it was looked for is refused") {
  two_good_nodes good;
  node caller{good.ca.setup(1)};

  caller.start({{{4}, good.two->address().at}});

  CHECK(caller.log().come("it refuses this node"));
}

TEST_CASE("whom the memory of peers doesn't want is refused") {
  two_good_nodes good;
  good.unwanted = {1};
  node other{good.ca.setup(1)};

  good.meet(other);

  CHECK(other.log().come("it refuses this node: wiped"));
  CHECK(good.two->log().come("refused: wiped"));
  // The other good one has nothing against it.
  CHECK(other.seen().links_are({4}, "+"));
}

TEST_CASE("a node that was founded differently is refused by both") {
  for (std::uint64_t id : {1, 9}) {
    CAPTURE(id);
    two_good_nodes good;
    auto setup = good.ca.setup(id);
    setup.founding = 8;
    node other{setup};

    good.meet(other);

    CHECK(other.log().come("founded with other"));
    CHECK(good.two->log().come("founded with other"));
    CHECK(other.metrics().links_made.value() == 0);
  }
}

TEST_CASE("a node that joins with another number of shards is told both") {
  for (std::uint64_t id : {1, 9}) {
    CAPTURE(id);
    two_good_nodes good;
    auto setup = good.ca.setup(id);
    setup.shards = 8;
    node other{setup};

    good.meet(other);

    constexpr auto why = ": expected the same on all nodes";
    CHECK(other.log().come(why));
    CHECK(good.two->log().come(why));
    CHECK(other.metrics().links_made.value() == 0);
  }
}

TEST_CASE("nodes without a version in common say which they speak") {
  for (std::uint64_t id : {1, 9}) {
    CAPTURE(id);
    two_good_nodes good;
    auto setup = good.ca.setup(id);
    setup.speaks = {2, 3};
    node later{setup};

    good.meet(later);

    constexpr auto why = ": expected one in common; upgrade node 2, and";
    CHECK(later.log().come(why));
    CHECK(good.two->log().come(why));
    CHECK(later.metrics().links_made.value() == 0);
  }
}

TEST_CASE("the reason of a refusal stays, and is said once") {
  authority ca;
  auto setup = ca.setup(2);
  waiting all;
  int asked = 0;
  setup.admit = [&](const link_peer&) -> result<void> {
    all.change([&] { ++asked; });
    return error{errc::forbidden, "wiped"};
  };
  node one{ca.setup(1)}, two{setup};

  join({&one, &two});
  REQUIRE(all.until([&] { return asked >= 8; }));

  two.net().close();
  CHECK(two.net().describe().at(0).problem == "refused: wiped");
  CHECK(two.log().count("no link to a node") == 1);
  CHECK(two.log().count("refused: wiped") == 1);
  CHECK(one.log().count("it refuses this node: wiped") == 1);
  CHECK(one.log().count("the connection was closed") == 0);
}

} // namespace refused_test
