#include "admin/answers.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace iris::admin {

namespace asio = boost::asio;

struct answers::slot {
  asio::steady_timer deadline;
  std::optional<answer> given;
};

void answers::close() {
  std::lock_guard guard{mutex_};
  on_ = nullptr;
}

void answers::deliver(std::uint64_t id, answer x) {
  std::lock_guard guard{mutex_};
  if (on_)
    asio::post(*on_,
               [self = shared_from_this(), id, x = std::move(x)]() mutable {
                 self->arrived(id, std::move(x));
               });
}

void answers::arrived(std::uint64_t id, answer x) {
  auto i = waiting_.find(id);
  if (i == waiting_.end() || i->second->given)
    return;
  i->second->given = std::move(x);
  i->second->deadline.cancel();
}

asio::awaitable<std::optional<answer>>
answers::wait(std::chrono::milliseconds at_most,
              std::function<void(router::reply)> ask) {
  auto executor = co_await asio::this_coro::executor;
  slot mine{asio::steady_timer{executor, at_most}, {}};
  auto id = ++last_id_;
  waiting_.emplace(id, &mine);
  ask([self = shared_from_this(), id](answer x) {
    self->deliver(id, std::move(x));
  });
  boost::system::error_code cancelled;
  co_await mine.deadline.async_wait(
    asio::redirect_error(asio::use_awaitable, cancelled));
  waiting_.erase(id);
  co_return std::move(mine.given);
}

} // namespace iris::admin
