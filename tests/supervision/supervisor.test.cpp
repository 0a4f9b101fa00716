#include "tests/supervision/family.hpp"

#include <doctest/doctest.h>

namespace doctest {

// So that a failed check says what was found.
template <>
struct StringMaker<iris::supervision::test::lines> {
  static String convert(const iris::supervision::test::lines& x) {
    std::string out;
    for (const auto& line : x)
      out += line + " ";
    return out.c_str();
  }
};

} // namespace doctest

namespace supervisor_test {

using namespace iris::supervision;
using namespace iris::supervision::test;
using namespace std::chrono_literals;

namespace {

supervisor_options with(strategy how) {
  supervisor_options out;
  out.how = how;
  return out;
}

/// Three children, started.
struct trio : family {
  explicit trio(strategy how = strategy::one_for_one) : family(with(how)) {
    begin();
    take();
  }
};

} // namespace

TEST_CASE("children start in order and end in reverse") {
  family it;
  it.begin();
  CHECK(it.take() == lines{"+a", "+b", "+c"});

  it.shut_down_all();

  CHECK(it.take() == lines{"-c", "-b", "-a", "end"});
}

TEST_CASE("a supervisor without children lives, and ends when asked") {
  family it{{}, {}};
  it.begin();
  CHECK(it.take().empty());

  it.shut_down_all();

  CHECK(it.take() == lines{"end"});
}

TEST_CASE("one for one: only who failed is started again") {
  trio it;

  it.tell("b", fail{});

  CHECK(it.take() == lines{"-b", "+b"});
}

TEST_CASE("one for all: all end in reverse, then start in order") {
  trio it{strategy::one_for_all};

  it.tell("b", fail{});

  CHECK(it.take() == lines{"-b", "-c", "-a", "+a", "+b", "+c"});
}

TEST_CASE("rest for one: those started after it end and start again, too") {
  trio it{strategy::rest_for_one};

  it.tell("b", fail{});
  CHECK(it.take() == lines{"-b", "-c", "+b", "+c"});
  it.tell("c", fail{});
  CHECK(it.take() == lines{"-c", "+c"});
  it.tell("a", fail{});
  CHECK(it.take() == lines{"-a", "-c", "-b", "+a", "+b", "+c"});
}

TEST_CASE("nobody starts before those that have to end have ended") {
  trio it{strategy::one_for_all};
  it.tell("c", cling{});
  it.tell("a", fail{});
  CHECK(it.take() == lines{"-a"});

  it.home->pass(5s - 1ns);
  CHECK(it.take().empty());
  it.home->pass(1ns);

  CHECK(it.take() == lines{"-c", "-b", "+a", "+b", "+c"});
}

TEST_CASE("a failure further up while others are ended widens the restart") {
  trio it{strategy::rest_for_one};
  it.tell("c", cling{});
  it.tell("b", fail{});
  CHECK(it.take() == lines{"-b"});

  it.tell("a", fail{});
  it.home->pass(5s);

  CHECK(it.take() == lines{"-a", "-c", "+a", "+b", "+c"});
}

TEST_CASE("a child that ends without a fault is started again, too") {
  trio it;

  it.tell("b", finish{});

  CHECK(it.take() == lines{"-b", "+b"});
}

TEST_CASE("a transient child is started again after a fault only") {
  family it;
  it.specs[1].when = restart::transient;
  it.begin();
  it.take();

  it.tell("b", fail{});
  CHECK(it.take() == lines{"-b", "+b"});
  it.tell("b", finish{});

  CHECK(it.take() == lines{"-b"});
}

TEST_CASE("a temporary child is never started again") {
  for (auto how :
       {strategy::one_for_one, strategy::one_for_all, strategy::rest_for_one}) {
    family it{with(how)};
    it.specs[1].when = restart::temporary;
    it.begin();
    it.take();

    it.tell("b", fail{});

    CHECK(it.take() == lines{"-b"});
  }
}

TEST_CASE("a temporary child that ends for another's sake stays away") {
  family it{with(strategy::one_for_all)};
  it.specs[1].when = restart::temporary;
  it.begin();
  it.take();

  it.tell("a", fail{});

  CHECK(it.take() == lines{"-a", "-c", "-b", "+a", "+c"});
}

TEST_CASE("too many restarts within the period end the supervisor") {
  family it;
  it.options.restarts_max = 2;
  it.options.period = 10s;
  it.begin();
  it.take();

  it.tell("a", fail{});
  it.home->pass(5s);
  it.tell("b", fail{});
  CHECK(it.take() == lines{"-a", "+a", "-b", "+b"});
  it.home->pass(5s); // The first is just within the period.
  it.tell("a", fail{});

  CHECK(it.take() == lines{"-a", "-c", "-b", "failed"});
}

TEST_CASE("restarts that are spread out may go on for ever") {
  family it;
  it.options.restarts_max = 2;
  it.options.period = 10s;
  it.begin();
  it.take();

  for (int i = 0; i < 20; ++i) {
    it.tell("a", fail{});
    CHECK(it.take() == lines{"-a", "+a"});
    it.home->pass(5s + 1ns);
  }
}

TEST_CASE("a supervisor that fails ends behind its slowest child") {
  family it;
  it.options.restarts_max = 0;
  it.begin();
  it.tell("b", cling{});
  it.take();

  it.tell("a", fail{});
  CHECK(it.take() == lines{"-a", "-c"});
  it.home->pass(5s);

  CHECK(it.take() == lines{"-b", "failed"});
}

TEST_CASE("children that end politely too often are a failure as well") {
  family it;
  it.options.restarts_max = 0;
  it.begin();
  it.take();

  caf::anon_send_exit(it.children.at("b"), caf::exit_reason::user_shutdown);

  CHECK(it.take() == lines{"-b", "-c", "-a", "failed"});
}

TEST_CASE("a child that does not end in time is killed") {
  family it;
  it.specs[1].shutdown = 200ms;
  it.begin();
  it.tell("b", cling{});
  it.take();

  it.shut_down_all();
  CHECK(it.take() == lines{"-c"});
  it.home->pass(200ms - 1ns);
  CHECK(it.take().empty());
  it.home->pass(1ns);

  CHECK(it.take() == lines{"-b", "-a", "end"});
}

TEST_CASE("who fails during the shutdown is not started again") {
  trio it;
  it.tell("c", cling{});
  it.shut_down_all();
  CHECK(it.take().empty());

  it.tell("a", fail{});
  it.home->pass(5s);

  CHECK(it.take() == lines{"-a", "-c", "-b", "end"});
}

TEST_CASE("a shutdown in the middle of a restart ends everybody") {
  trio it{strategy::one_for_all};
  it.tell("c", cling{});
  it.tell("a", fail{});

  it.shut_down_all();
  it.shut_down_all();
  it.home->pass(5s);

  CHECK(it.take() == lines{"-a", "-c", "-b", "end"});
}

TEST_CASE("no child outlives its supervisor, not even one that clings") {
  trio it;
  it.tell("b", cling{});

  caf::anon_send_exit(it.top, caf::exit_reason::kill);
  CHECK(it.take() == lines{"failed", "-c", "-a"});
  it.home->pass(5s);

  CHECK(it.take() == lines{"-b"});
}

TEST_CASE("the tree shows each child in its place, with its restarts") {
  trio it;
  it.tell("b", fail{});
  it.tell("b", fail{});

  auto found = it.tree();

  REQUIRE(found);
  CHECK(found->name == "family");
  CHECK(found->type == "supervisor");
  CHECK(found->state == "running");
  REQUIRE(found->children.size() == 3);
  CHECK(found->children[0].name == "a");
  CHECK(found->children[0].type == "child");
  CHECK(found->children[0].state == "running");
  CHECK(found->children[0].restarts == 0);
  CHECK(found->children[0].last_fault.empty());
  CHECK(found->children[1].restarts == 2);
  CHECK(found->children[1].last_fault.find("runtime_error")
        != std::string::npos);
}

TEST_CASE("an inspectable child describes itself, under its own name") {
  family it;
  it.specs[2].inspectable = true;
  it.begin();

  auto found = it.tree();

  REQUIRE(found);
  CHECK(found->children[2].name == "c");
  CHECK(found->children[2].state == "busy");
  CHECK(found->children[2].mailbox_depth == 7);
  CHECK(found->children[1].state == "running");
}

TEST_CASE("a child that does not answer holds the tree up for a second") {
  family it;
  it.specs[0].inspectable = true;
  it.specs[2].inspectable = true;
  it.begin();
  it.tell("a", mute{});

  CHECK_FALSE(it.tree(999ms));
  auto found = it.tree(1s);

  REQUIRE(found);
  CHECK(found->children[0].name == "a");
  CHECK(found->children[0].state == "not answering");
  CHECK(found->children[2].state == "busy");
}

TEST_CASE("the tree tells what is stopped and what is being stopped") {
  family it;
  it.specs[0].when = restart::temporary;
  it.begin();
  it.tell("a", finish{});
  it.tell("c", cling{});
  it.shut_down_all();

  auto found = it.tree();

  REQUIRE(found);
  CHECK(found->state == "stopping");
  CHECK(found->children[0].state == "stopped");
  CHECK(found->children[1].state == "running");
  CHECK(found->children[2].state == "stopping");
}

TEST_CASE("a child is added, once, and ends with the others") {
  trio it;
  for (int i = 0; i < 2; ++i) {
    caf::anon_send(it.top, add_child{it.spec("d")});
    it.home->run();
  }
  CHECK(it.take() == lines{"+d"});

  it.shut_down_all();

  CHECK(it.take() == lines{"-d", "-c", "-b", "-a", "end"});
}

TEST_CASE("a child that was added is started again when it fails") {
  trio it;
  caf::anon_send(it.top, add_child{it.spec("d")});
  it.home->run();
  it.take();

  it.tell("d", fail{});

  CHECK(it.take() == lines{"-d", "+d"});
}

TEST_CASE("a child is ended by its name, and the others stay") {
  trio it;
  caf::anon_send(it.top, end_child{"b"});
  caf::anon_send(it.top, end_child{"nobody"});
  it.home->run();
  CHECK(it.take() == lines{"-b"});
  CHECK(it.tree()->children.size() == 2);

  it.shut_down_all();

  CHECK(it.take() == lines{"-c", "-a", "end"});
}

TEST_CASE("a child that is added while it leaves comes back behind its end") {
  trio it;
  it.tell("b", cling{});
  caf::anon_send(it.top, end_child{"b"});
  caf::anon_send(it.top, add_child{it.spec("b")});
  it.home->run();
  CHECK(it.take().empty());

  it.tell("b", finish{});

  CHECK(it.take() == lines{"-b", "+b"});
}

} // namespace supervisor_test
