#include "base/thread_executor.hpp"

#include <doctest/doctest.h>

#include <future>
#include <numeric>

namespace thread_executor_test {

using namespace iris;
using namespace std::chrono_literals;

TEST_CASE("tasks run one after the other, in the order they were posted") {
  std::vector<int> ran;
  thread_executor thread{"test"};

  for (int i = 0; i < 1000; ++i)
    thread.post([&ran, i] { ran.push_back(i); });
  thread.stop();

  std::vector<int> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(ran == expected);
}

TEST_CASE("a task is not run by who posts it") {
  thread_executor thread{"test"};
  std::promise<std::thread::id> ran_on;

  thread.post([&] { ran_on.set_value(std::this_thread::get_id()); });

  CHECK(ran_on.get_future().get() != std::this_thread::get_id());
}

TEST_CASE("delayed tasks run in the order of their times") {
  thread_executor thread{"test"};
  std::string ran;
  std::promise<void> done;

  thread.after(20ms, [&] {
    ran += 'c';
    done.set_value();
  });
  thread.after(10ms, [&] { ran += 'a'; });
  thread.after(10ms, [&] { ran += 'b'; });
  done.get_future().wait();

  CHECK(ran == "abc");
}

TEST_CASE("a task posted during a wait runs at once") {
  thread_executor thread{"test"};
  std::promise<void> done;

  thread.after(1h, [] { FAIL("an hour has not passed"); });
  thread.post([&] { done.set_value(); });

  done.get_future().wait();
}

TEST_CASE("stopping runs what was posted, and what that posts") {
  thread_executor thread{"test"};
  auto ran = 0;

  thread.post([&] {
    thread.post([&] { ++ran; });
    ++ran;
  });
  thread.stop();

  CHECK(ran == 2);
}

TEST_CASE("stopping destroys delayed tasks and later ones without a run") {
  thread_executor thread{"test"};
  auto held = std::make_shared<int>();

  thread.after(1h, [held] { FAIL("stopped"); });
  thread.stop();
  thread.post([held] { FAIL("stopped"); });
  thread.after(0ms, [held] { FAIL("stopped"); });
  thread.stop();

  // `held` and the delayed task, which goes with the executor.
  CHECK(held.use_count() == 2);
}

} // namespace thread_executor_test
