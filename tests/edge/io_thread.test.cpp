#include "edge/io_thread.hpp"

#include "tests/edge/stage.hpp"

namespace io_thread_test {

using namespace iris;
using namespace iris::edge;
using namespace iris::edge::test;
using namespace std::chrono_literals;

TEST_CASE("what waits runs in the order of its time") {
  stage at;
  lines ran;
  auto note = [&ran](const char* what) {
    return [&ran, what] { ran.push_back(what); };
  };

  at.home->after(1h, note("much later"));
  at.home->after(1ms, note("first"));
  at.home->after(2ms, [&] {
    ran.push_back("second");
    at.home->after(1ms, note("third"));
    at.home->post(note("at once"));
  });

  CHECK(ran.empty());
  at.until([&] { return ran.size() == 4; }, "what waits");
  CHECK(ran == lines{"first", "second", "at once", "third"});
}

TEST_CASE("what still waits when its thread ends is let go") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  auto home = std::make_unique<io_thread>(system);
  auto held = std::make_shared<int>();
  home->start();
  home->after(1h, [held] { FAIL("it should not run"); });

  home->stop();
  home.reset();

  CHECK(held.use_count() == 1);
}

} // namespace io_thread_test
