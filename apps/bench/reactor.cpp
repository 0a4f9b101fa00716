#include "apps/bench/reactor.hpp"

#include "base/clock.hpp"

#include <boost/asio/post.hpp>

namespace iris::bench {

std::uint64_t now_ns() noexcept {
  return static_cast<std::uint64_t>(system_clock().steady_now().count());
}

bool reactor::run_until(const std::function<bool()>& done,
                        std::chrono::nanoseconds at_most) {
  auto deadline = steady::now() + at_most;
  while (!done()) {
    io_.restart();
    auto left = deadline - steady::now();
    if (left <= steady::duration::zero() || io_.run_one_for(left) == 0)
      return done();
  }
  return true;
}

void reactor::tell_progress(progress::teller tell,
                            std::chrono::milliseconds every) {
  progress_.begin(std::move(tell), every, steady::now());
  tell_later();
}

void reactor::tell_later() {
  timer_.expires_at(progress_.due());
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled)
      return;
    tell_if_due();
    tell_later();
  });
}

void reactor::flush_later(std::shared_ptr<flushable> who) {
  waiting_.push_back(std::move(who));
  if (waiting_.size() > 1)
    return;
  boost::asio::post(io_, [this] {
    for (auto& x : std::exchange(waiting_, {}))
      x->flush();
  });
}

} // namespace iris::bench
