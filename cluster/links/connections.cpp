#include "cluster/links/connections.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/socket.h>

namespace iris::cluster {

namespace {

bool stranger(const connection& x) {
  return x.here() == end_of_link::acceptor && !x.kept();
}

} // namespace

connection::connection(int fd, end_of_link here)
  : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)), here_(here), peer_(peer_of(fd)) {
  // nop
}

void connection::cut() noexcept {
  ::shutdown(fd_.get(), SHUT_RDWR);
}

void connection::failed(std::string reason) {
  std::lock_guard guard{mutex_};
  if (failure_.empty())
    failure_ = std::move(reason);
}

std::string connection::failure() const {
  std::lock_guard guard{mutex_};
  return failure_;
}

connection_ptr connections::add(int fd, end_of_link here) {
  if (here == end_of_link::acceptor) {
    auto all = living();
    auto strangers = std::count_if(all.begin(), all.end(),
                                   [](auto& x) { return stranger(*x); });
    if (strangers >= static_cast<std::ptrdiff_t>(strangers_max))
      return nullptr;
  }
  auto made = std::make_shared<connection>(fd, here);
  std::lock_guard guard{mutex_};
  if (closed_)
    return nullptr;
  std::erase_if(all_, [](auto& x) { return x.expired(); });
  all_.push_back(made);
  return made;
}

connection_ptr connections::accepted_from(const config::endpoint& peer) const {
  for (auto& x : living())
    if (x->here() == end_of_link::acceptor && x->peer() == peer)
      return x;
  return nullptr;
}

void connections::sweep(unsigned age_max) {
  for (auto& x : living())
    if (stranger(*x) && x->grow_older() >= age_max) {
      x->failed("it did not say in time who it is");
      x->cut();
    }
}

void connections::close() {
  {
    std::lock_guard guard{mutex_};
    closed_ = true;
  }
  for (auto& x : living())
    x->cut();
}

std::vector<connection_ptr> connections::living() const {
  std::vector<connection_ptr> out;
  std::lock_guard guard{mutex_};
  for (auto& x : all_)
    if (auto alive = x.lock())
      out.push_back(std::move(alive));
  return out;
}

} // namespace iris::cluster
