#include "cluster/links/connections.hpp"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <sys/socket.h>

namespace iris::cluster {

namespace {

bool stranger(const connection& x) {
  return x.here() == end_of_link::acceptor && !x.kept() && !x.is_cut();
}

} // namespace

connection::connection(int fd, end_of_link here)
  : fd_(::fcntl(fd, F_DUPFD_CLOEXEC, 0)), here_(here), peer_(peer_of(fd)) {
  // nop
}

void connection::cut() noexcept {
  cut_ = true;
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
  auto made = std::make_shared<connection>(fd, here);
  {
    std::lock_guard guard{mutex_};
    if (closed_)
      return nullptr;
    std::erase_if(all_, [](auto& x) { return x.expired(); });
    all_.push_back(made);
  }
  if (here == end_of_link::acceptor)
    make_room();
  return made;
}

/// The newest counts, but is never the oldest of those with the most.
void connections::make_room() {
  auto strangers = living();
  std::erase_if(strangers, [](auto& x) { return !stranger(*x); });
  if (strangers.size() <= strangers_max)
    return;
  std::map<std::string, std::size_t> from;
  std::size_t most = 0;
  for (auto& x : strangers)
    most = std::max(most, ++from[x->peer().host]);
  auto oldest = std::find_if(strangers.begin(), strangers.end(), [&](auto& x) {
    return from[x->peer().host] == most;
  });
  (*oldest)->failed("too many have not said who they are: it made room");
  (*oldest)->cut();
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
