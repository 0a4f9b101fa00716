#include "tests/cluster/links/rig.hpp"

#include "base/random.hpp"
#include "base/thread_executor.hpp"
#include "cluster/links/socket.hpp"
#include "persistence/peer_memory.hpp"
#include "persistence/start_history.hpp"
#include "tests/sim/memory_disk.hpp"

namespace links_test {

using namespace iris;
using namespace iris::cluster;
using namespace iris::cluster::test;

namespace {

std::string bytes(std::size_t size, std::uint64_t seed) {
  std::string out(size, '\0');
  random_source random{seed};
  for (auto& x : out)
    x = static_cast<char>(random.next());
  return out;
}

constexpr std::size_t mib = 1 << 20;

} // namespace

TEST_CASE("frames of all lanes arrive whole and in order, both ways") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(two.seen().links_are({1}, "+"));

  std::map<lane, std::vector<std::string>> sent;
  for (unsigned i = 0; i < 30; ++i)
    for (auto by : {lane::bulk, lane::commands, lane::consensus}) {
      auto size = i % 10 == 0 ? mib : i == 5 ? 0 : i * 37;
      sent[by].push_back(bytes(size, i));
      if (by == lane::bulk)
        sent[by].back().resize(std::min<std::size_t>(size, 50'000));
      REQUIRE(one.net().send({2}, by, sent[by].back()));
      REQUIRE(two.net().send({1}, by, sent[by].back()));
    }

  REQUIRE(two.seen().frames_come({1}, 90));
  REQUIRE(one.seen().frames_come({2}, 90));
  for (auto& [by, frames] : sent) {
    CHECK(two.seen().frames({1}, by) == frames);
    CHECK(one.seen().frames({2}, by) == frames);
  }
}

TEST_CASE("three nodes link to each other, and each says so") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)}, three{ca.setup(3)};
  join({&one, &two, &three});

  std::vector<node*> all = {&one, &two, &three};
  for (auto x : all)
    for (auto y : all)
      if (x != y) {
        CHECK(x->seen().links_are(y->id(), "+"));
        CHECK(x->net().send(y->id(), lane::commands,
                            std::to_string(x->id().value)));
      }

  for (auto x : all)
    for (auto y : all)
      if (x != y) {
        CHECK(x->seen().frames_come(y->id(), 1));
        CHECK(x->seen().frames(y->id(), lane::commands)
              == std::vector{std::to_string(y->id().value)});
      }
  auto described = one.net().describe();
  REQUIRE(described.size() == 2);
  CHECK(described[0].node == node_id{2});
  CHECK(described[0].up);
  CHECK(described[0].at == two.address().at);
  CHECK(described[1].node == node_id{3});
  CHECK(described[1].up);
  CHECK(one.metrics().link_up.with("2").value() == 1);
}

TEST_CASE("a link that ends is told on both sides") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(two.seen().links_are({1}, "+"));

  two.net().close();

  CHECK(two.seen().links_are({1}, "+-"));
  CHECK(one.seen().links_are({2}, "+-"));
  CHECK(!one.net().send({2}, lane::consensus, "x"));
  CHECK(!two.net().send({1}, lane::consensus, "x"));
  CHECK(one.metrics().link_up.with("2").value() == 0);
}

TEST_CASE("while a link is up each knows where clients reach the other") {
  authority ca;
  auto first = ca.setup(1), second = ca.setup(2);
  first.urls = {"tls://one:7301", "wss://one:7303"};
  second.urls = {"tls://two:7301"};
  node one{first}, two{second};
  auto known = [](node& to) { return to.net().describe().at(0).urls; };
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(two.seen().links_are({1}, "+"));
  CHECK(known(one) == second.urls);
  CHECK(known(two) == first.urls);

  two.net().close();

  REQUIRE(one.seen().links_are({2}, "+-"));
  CHECK(known(one).empty());
}

TEST_CASE("a close does not wait without end for a thread that hangs") {
  authority ca;
  waiting hung;
  bool asked = false, free = false;
  auto setup = ca.setup(2);
  setup.close_timeout = std::chrono::milliseconds{1};
  setup.admit = [&](const link_peer&) -> result<void> {
    hung.change([&] { asked = true; });
    REQUIRE(hung.until([&] { return free; }));
    return {};
  };
  node one{ca.setup(1)}, two{setup};
  join({&one, &two});
  REQUIRE(hung.until([&] { return asked; }));

  CHECK_FALSE(two.net().close());

  CHECK(two.log().come("a link's thread hangs"));
  hung.change([&] { free = true; });
  while (!two.net().close())
    std::this_thread::yield();
  CHECK(two.metrics().links_made.value() == 0);
}

TEST_CASE("a receiver that takes nothing bounds what is taken from senders") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  two.seen().stop();

  std::vector<std::string> sent;
  for (std::string next = bytes(50'000, 0);
       one.net().send({2}, lane::bulk, next); next = bytes(50'000, sent.size()))
    sent.push_back(next);
  auto taken = sent.size() * 50'000;

  auto limits = options_of(ca.setup(1));
  CHECK(taken >= limits.waiting_max.bulk - 50'000);
  CHECK(taken <= limits.waiting_max.bulk + limits.window.bulk + 50'000);
  CHECK(one.metrics().link_frames_refused.with("bulk").value() == 1);
  two.seen().resume();
  REQUIRE(two.seen().frames_come({1}, sent.size()));
  CHECK(two.seen().frames({1}, lane::bulk) == sent);
}

TEST_CASE("consensus does not wait for bulk") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  two.seen().stop();
  std::size_t bulk = 0;
  while (one.net().send({2}, lane::bulk, std::string(50'000, 'b')))
    ++bulk;

  REQUIRE(one.net().send({2}, lane::consensus, "vote"));

  two.seen().resume();
  REQUIRE(two.seen().frames_come({1}, bulk + 1));
  auto all = two.seen().frames({1});
  auto vote =
    std::find(all.begin(), all.end(), watcher::frame{lane::consensus, "vote"});
  // What was on its way when it was sent, and no more.
  auto before = static_cast<std::size_t>(vote - all.begin());
  CHECK(before <= options_of(ca.setup(1)).window.bulk / 50'000);
}

TEST_CASE("a peer that hangs is lost, and is back when it goes on") {
  authority ca;
  auto impatient = ca.setup(1);
  impatient.heartbeat = std::chrono::milliseconds{50};
  auto other = ca.setup(2);
  other.heartbeat = impatient.heartbeat;
  node one{impatient}, two{other};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));
  two.seen().stop();
  REQUIRE(one.net().send({2}, lane::commands, "it hangs on this"));

  CHECK(one.seen().links_are({2}, "+-"));

  two.seen().resume();
  CHECK(two.seen().links_are({1}, "+-+"));
  CHECK(one.seen().links_are({2}, "+-+"));
  CHECK(one.log().come("nothing came for 200 ms"));
}

TEST_CASE("a node that starts again is linked to again") {
  authority ca;
  node one{ca.setup(1)};
  auto two = std::make_unique<node>(ca.setup(2));
  join({&one, two.get()});
  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(one.net().send({2}, lane::commands, "to the first"));
  REQUIRE(two->seen().frames_come({1}, 1));

  two = nullptr;
  REQUIRE(one.seen().links_are({2}, "+-"));
  auto setup = ca.setup(2);
  setup.incarnation = 2;
  node again{setup};
  one.net().set_peers({again.address()});
  again.start({one.address()});

  CHECK(one.seen().links_are({2}, "+-+"));
  REQUIRE(one.net().send({2}, lane::commands, "to the second"));
  REQUIRE(again.seen().frames_come({1}, 1));
  CHECK(again.seen().frames({1}, lane::commands)
        == std::vector<std::string>{"to the second"});
}

TEST_CASE("a later process of a node takes over, an earlier one does not") {
  authority ca;
  node two{ca.setup(2)};
  auto first = std::make_unique<node>(ca.setup(1));
  auto setup = ca.setup(1);
  setup.incarnation = 2;
  node second{setup};
  two.start({first->address()});
  first->start({two.address()});
  REQUIRE(two.seen().links_are({1}, "+"));

  second.start({two.address()});

  CHECK(second.seen().links_are({2}, "+"));
  CHECK(first->seen().links_are({2}, "+-"));
  CHECK(two.seen().links_are({1}, "+-+"));
  CHECK(first->log().come("there is a link to a later process of it"));
  REQUIRE(two.net().send({1}, lane::commands, "to the second"));
  REQUIRE(second.seen().frames_come({2}, 1));
}

TEST_CASE("of two clones of a node at once the first stays, the other is "
          "refused") {
  authority ca;
  sim::memory_disk disk;
  auto store = persistence::log_store::open("/log", disk);
  REQUIRE(store);
  thread_executor thread{"iris-test"};
  auto memory = persistence::peer_memory::open(**store, thread);
  REQUIRE(memory);
  auto setup = ca.setup(2);
  setup.admit = [&](const link_peer& x) {
    return (*memory)->admit(x.node, {x.store, x.incarnation, x.past});
  };
  auto begun_as = [&](std::uint64_t number) {
    auto out = ca.setup(1);
    out.incarnation = 2;
    out.past = [number] {
      return persistence::encode_starts(
        std::vector<persistence::store_start>{{7, 3}, {number, 0}});
    };
    return out;
  };
  node two{setup}, first{begun_as(8)}, clone{begun_as(9)};
  two.start({first.address()});
  first.start({two.address()});
  REQUIRE(first.seen().links_are({2}, "+"));

  clone.start({two.address()});

  CHECK(
    clone.log().come("it refuses this node: node 1 comes with an older copy "
                     "or a clone of its store"));
  CHECK(two.log().come("an older copy or a clone"));
  REQUIRE(first.net().send({2}, lane::commands, "from the first"));
  REQUIRE(two.seen().frames_come({1}, 1));
  CHECK(two.seen().links_are({1}, "+"));
  CHECK(two.metrics().links_made.value() == 1);
  CHECK(clone.metrics().links_made.value() == 0);
  two.net().close();
  thread.stop();
}

TEST_CASE("linked nodes tell each other how far they are") {
  authority ca;
  auto first = ca.setup(1), second = ca.setup(2);
  first.heartbeat = second.heartbeat = std::chrono::milliseconds{50};
  std::atomic<std::uint64_t> mark{0};
  first.mark = [&] { return mark.load(); };
  first.past = [] { return std::string{"of one"}; };
  waiting all;
  std::vector<std::pair<link_peer, std::uint64_t>> told;
  second.renewed = [&](const link_peer& x, std::uint64_t so_far) {
    all.change([&] { told.emplace_back(x, so_far); });
  };
  node one{first}, two{second};
  join({&one, &two});
  REQUIRE(two.seen().links_are({1}, "+"));

  for (std::uint64_t next : {3, 4}) {
    mark = next;
    CHECK(
      all.until([&] { return !told.empty() && told.back().second == next; }));
  }

  two.net().close();
  REQUIRE(told.size() == 2);
  CHECK(told.front().second == 3);
  CHECK(told.front().first.node == node_id{1});
  CHECK(told.front().first.past == "of one");
}

TEST_CASE("links end to who is no peer any more") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)}, three{ca.setup(3)};
  join({&one, &two, &three});
  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(one.seen().links_are({3}, "+"));

  one.net().set_peers({three.address()});

  CHECK(one.seen().links_are({2}, "+-"));
  CHECK(two.seen().links_are({1}, "+-"));
  CHECK(one.net().describe().size() == 1);
  CHECK(one.net().send({3}, lane::commands, "still"));
  CHECK(three.seen().frames_come({1}, 1));
}

TEST_CASE("certificates are replaced without a restart") {
  authority first, second;
  node one{first.setup(1)}, two{first.setup(2)};
  join({&one, &two});
  REQUIRE(one.seen().links_are({2}, "+"));

  // One that the other doesn't trust yet: a link that is up doesn't mind.
  one.take(second.files_of({1}).certificate);
  one.net().set_peers({});
  REQUIRE(two.seen().links_are({1}, "+-"));
  one.net().set_peers({two.address()});
  REQUIRE(one.log().come("no link to a node"));

  // All of both are another CA's now: what was read before can't link them.
  two.take(second.files_of({2}).certificate);
  // At no moment half a file, of which CAF would leak what it had read.
  auto next = first.ca().string() + ".next";
  std::filesystem::copy_file(second.ca(), next);
  std::filesystem::rename(next, first.ca());

  CHECK(one.seen().links_are({2}, "+-+"));
  CHECK(two.seen().links_are({1}, "+-+"));
}

TEST_CASE("a certificate that can't be read is named, and asked for again") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  auto file = ca.files_of({1}).certificate;
  auto elsewhere = ca.directory() / "elsewhere";
  std::filesystem::rename(file, elsewhere);
  join({&one, &two});
  REQUIRE(one.log().come("no file " + file.string() + ": expected a PEM"));

  std::filesystem::rename(elsewhere, file);

  CHECK(one.seen().links_are({2}, "+"));
  CHECK(one.log().count("no link to a node") == 1);
}

TEST_CASE("a link speaks the highest version that both of its nodes do") {
  authority ca;
  auto first = ca.setup(1), second = ca.setup(2);
  first.speaks = {1, 2};
  second.speaks = {2, 3};
  node one{first}, two{second};

  join({&one, &two});

  REQUIRE(one.seen().links_are({2}, "+"));
  REQUIRE(two.seen().links_are({1}, "+"));
  CHECK(one.net().describe().at(0).version == 2);
  CHECK(two.net().describe().at(0).version == 2);
}

TEST_CASE("a port that is taken is named") {
  authority ca;
  node one{ca.setup(1)};
  auto options = options_of(ca.setup(2));
  options.listen.port = one.port();
  observability::metrics metrics;
  observability::logger log{{}, std::make_shared<log_lines>(), system_clock()};

  auto made = links::open(options, {system_clock(), log, metrics, nullptr, 1});

  REQUIRE(!made);
  CHECK(made.failure().code == errc::io_failed);
  CHECK(made.failure().context.find(options.listen.str()) != std::string::npos);
}

TEST_CASE("silent hosts don't keep others from being linked to") {
  authority ca;
  node one{ca.setup(1)}, two{ca.setup(2)};
  // They take connections and say nothing.
  std::vector<socket_fd> silent;
  std::vector<link_address> all = {two.address()};
  for (std::uint64_t id = 3; id < 7; ++id) {
    auto fd = listen_on({"127.0.0.1", 0});
    REQUIRE(fd);
    all.push_back({{id}, {"127.0.0.1", port_of(fd->get())}});
    silent.push_back(*std::move(fd));
  }

  one.start(all);
  two.start({one.address()});

  CHECK(one.seen().links_are({2}, "+"));
  CHECK(one.net().send({2}, lane::commands, "hello"));
  CHECK(two.seen().frames_come({1}, 1));
}

} // namespace links_test
