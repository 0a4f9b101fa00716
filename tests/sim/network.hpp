#pragma once

#include "base/executor.hpp"
#include "base/random.hpp"
#include "cluster/network.hpp"
#include "persistence/peer_memory.hpp"
#include "tests/sim/world.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iris::sim {

/// How a network is cut.
enum class partition : std::uint8_t {
  halves,  ///< two groups that don't hear each other
  isolate, ///< one hears nobody, and nobody it
  ring,    ///< each hears only its neighbours
  one_way, ///< one is not heard, or hears nobody
  bridge,  ///< two groups, and one that hears both
  flapping ///< one comes and goes
};
inline constexpr std::size_t partitions = 6;

std::string_view to_string(partition x) noexcept;

/// What befalls single frames, in percent of them.
struct weather {
  /// Lost. TCP loses none alone; who is above it must stand it all the same,
  /// for a link may break behind any frame.
  unsigned lost = 0;
  /// Of consensus: come twice, or before the one that was sent before. Raft
  /// asks for neither order nor once.
  unsigned twice = 0;
  unsigned swapped = 0;
  /// Take long, and so do those behind them.
  unsigned slow = 1;
};

/// Mostly fair; at the worst 30 % are lost and 50 % doubled.
weather random_weather(random_source& random);

/// The links between the nodes of a cluster, as TCP with heartbeats makes them:
/// what can't pass waits until it can, or until the link breaks; what is on its
/// way then is lost. A link joins two processes, never their successors.
class switchboard {
public:
  using nanoseconds = std::chrono::nanoseconds;

  /// What may be on its way from one process to another in a lane.
  static constexpr std::size_t lane_bytes_max = 4 * 1024 * 1024;

  explicit switchboard(world& in);
  ~switchboard();
  switchboard(const switchboard&) = delete;
  switchboard& operator=(const switchboard&) = delete;

  /// Who decides for a process whom it speaks to.
  class door {
  public:
    virtual ~door() = default;
    virtual persistence::shown_peer shown() const = 0;
    virtual result<void> admit(node_id who,
                               const persistence::shown_peer& process) = 0;
  };

  /// A process' end of all its links. It ends with the process, and only then
  /// may another of the same node begin.
  class port : public cluster::network {
  public:
    /// Makes links from now on. `to` is called on the process' home. Without
    /// a door everybody is let in.
    virtual void listen(receiver& to, door* by = nullptr) = 0;
  };

  /// `home` must outlive the port.
  std::unique_ptr<port> plug_in(node_id self, executor& home);

  void set(const weather& x) noexcept { weather_ = x; }

  /// Told of each frame that a node hands to a link, whatever becomes of it.
  using watcher = std::function<void(node_id from, cluster::lane by,
                                     const std::string& frame)>;
  void watch(watcher what) { watcher_ = std::move(what); }

  /// The link between the two breaks, if there is one.
  void cut(node_id a, node_id b);
  /// Nothing that `from` says reaches `to`, until this is taken back.
  void block(node_id from, node_id to, bool yes);
  /// Cuts the network between these, at random, until `heal`. Precondition: at
  /// least two.
  void split(partition how, std::vector<node_id> among);
  /// Takes back every `block` and `split`.
  void heal();
  /// A process that is given no time says nothing either.
  void pause(node_id who, nanoseconds duration);
  /// With how many others there is a link.
  std::size_t links_of(node_id who) const;

  /// How often what happened; the frames that were carried besides.
  const std::map<std::string, std::size_t>& faults() const { return faults_; }
  std::size_t carried() const noexcept { return carried_; }

private:
  struct process;
  struct lane_queue;
  struct side;
  struct session;
  class process_port;
  using process_ptr = std::shared_ptr<process>;
  using session_ptr = std::shared_ptr<session>;
  using path = std::pair<node_id, node_id>;

  static path between(node_id a, node_id b) {
    return a < b ? path{a, b} : path{b, a};
  }

  void listen(const process_ptr& who);
  void leave(process& who);
  void connect_later(const process_ptr& a, const process_ptr& b,
                     nanoseconds delay);
  bool admitted(const process& a, const process& b);
  void open(const process_ptr& a, const process_ptr& b);
  /// The sides learn of it after these delays.
  void close(const session_ptr& what, nanoseconds first, nanoseconds second);
  void tell_up(const session_ptr& of, std::size_t end);
  void tell_down(const session_ptr& of, std::size_t end, nanoseconds delay);
  void forget(const session_ptr& what);

  bool send(const process& from, node_id to, cluster::lane by,
            std::string frame);
  void put(lane_queue& to, cluster::lane by,
           std::shared_ptr<const std::string> frame);
  void move(const session_ptr& in, std::size_t end, std::size_t lane);
  void deliver(const session_ptr& in, std::size_t end, std::size_t lane);

  bool passes(node_id from, node_id to) const;
  bool paused(node_id who) const;
  /// Whoever has not heard a peer for so long gives the link up.
  void notice_silence(path on, std::function<bool()> still);
  void sever(const std::vector<node_id>& some,
             const std::vector<node_id>& others);
  void flap(node_id who, std::vector<node_id> others, std::uint64_t split);

  void count(const std::string& what) { ++faults_[what]; }
  nanoseconds latency();
  nanoseconds random_ms(std::uint64_t least, std::uint64_t below);

  world& world_;
  /// Its own: a node that is alone goes the way it would without all this.
  random_source random_;
  weather weather_;
  watcher watcher_;
  std::map<node_id, process_ptr> processes_;
  std::map<path, session_ptr> sessions_;
  std::map<path, std::uint64_t> blocked_; ///< by which change
  std::map<node_id, nanoseconds> paused_until_;
  std::uint64_t changes_ = 0;
  std::uint64_t splits_ = 0;
  std::map<std::string, std::size_t> faults_;
  std::size_t carried_ = 0;
};

} // namespace iris::sim
