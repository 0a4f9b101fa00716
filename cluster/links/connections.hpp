#pragma once

#include "cluster/links/socket.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace iris::cluster {

enum class end_of_link : std::uint8_t { connector, acceptor };

/// A TCP connection that CAF holds, so that it can be ended from outside: CAF
/// waits for the peer to close its end, which a hung one never does. Any
/// thread.
class connection {
public:
  /// Precondition: `fd` is connected.
  connection(int fd, end_of_link here);

  /// CAF sees it closed by the peer.
  void cut() noexcept;
  bool is_cut() const noexcept { return cut_; }

  /// It carries a link now: `sweep` leaves it alone.
  void keep() noexcept { kept_ = true; }
  bool kept() const noexcept { return kept_; }

  /// Why it failed, as far as TLS knows. The first reason stays.
  void failed(std::string reason);
  std::string failure() const;

  end_of_link here() const noexcept { return here_; }
  const config::endpoint& peer() const noexcept { return peer_; }

  /// How many sweeps it has seen.
  unsigned grow_older() noexcept { return age_++; }

private:
  /// A copy: CAF's own number may be another connection's by now.
  const socket_fd fd_;
  const end_of_link here_;
  const config::endpoint peer_;
  std::atomic<bool> kept_{false};
  std::atomic<bool> cut_{false};
  unsigned age_ = 0;
  mutable std::mutex mutex_;
  std::string failure_;
};

using connection_ptr = std::shared_ptr<connection>;

/// All of a links object. Any thread.
class connections {
public:
  /// Strangers: accepted, and have not shown who they are yet. For one more the
  /// oldest is cut of those from the address that has the most, so that however
  /// many come from some addresses, whoever comes from another gets in.
  static constexpr std::size_t strangers_max = 64;

  /// Null once closed.
  connection_ptr add(int fd, end_of_link here);

  /// The accepted one from there, or null.
  connection_ptr accepted_from(const config::endpoint& peer) const;

  /// Cuts accepted ones that have seen `age_max` sweeps and carry no link.
  void sweep(unsigned age_max);

  /// Cuts all, and takes no more.
  void close();

private:
  void make_room();
  std::vector<connection_ptr> living() const;

  mutable std::mutex mutex_;
  bool closed_ = false;
  std::vector<std::weak_ptr<connection>> all_; ///< the oldest first
};

} // namespace iris::cluster
