#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "cluster/network.hpp"
#include "config/endpoint.hpp"
#include "observability/log.hpp"
#include "security/cluster_certificates.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace iris::cluster {

/// What a process says of itself when a link is made, and proves with its
/// certificate's key.
struct link_peer {
  node_id node;
  /// Random, made with the store; 0: a store from before there was such a
  /// number.
  std::uint64_t store = 0;
  /// Grows with every start of this store.
  std::uint64_t incarnation = 0;
  /// Hash of what the cluster was founded with; 0: this node joined later.
  std::uint64_t founding = 0;
  /// What it shows to be admitted by, at most past_bytes_max; of no meaning
  /// here.
  std::string past = {};
  /// How many the cluster has, by its configuration; 0: a build from before
  /// this was said.
  std::uint16_t shards = 0;
  /// Where clients reach it: each as config::is_client_url has it, at most
  /// config::client_urls_max.
  std::vector<std::string> urls = {};

  bool operator==(const link_peer&) const = default;
};

/// Of the frames that nodes send each other on all lanes: each build speaks a
/// range of versions, and a link the highest that both its ends do. Who changes
/// a frame raises `max`, and keeps what is below for as long as a cluster may
/// hold a node of the release before.
struct frame_versions {
  std::uint8_t min = 1, max = 1;

  bool operator==(const frame_versions&) const = default;
};

/// PEM; read again at each new link, so that they can be replaced.
using link_files = security::cluster_files;

struct link_address {
  node_id node;
  config::endpoint at;

  bool operator==(const link_address&) const = default;
};

/// By lane.
struct lane_bytes {
  std::size_t consensus = 0, commands = 0, bulk = 0;

  std::size_t of(lane by) const noexcept {
    return by == lane::consensus  ? consensus
           : by == lane::commands ? commands
                                  : bulk;
  }
};

struct link_options {
  std::string cluster;
  link_peer self;
  /// Port 0: the system chooses.
  config::endpoint listen;
  link_files files;
  frame_versions speaks;
  /// A link on which nothing came for four of these is lost.
  std::chrono::milliseconds heartbeat{500};
  /// For the TCP connection.
  std::chrono::milliseconds connect_timeout{1500};
  /// Until the link is up: TLS, proofs, and what `admit` takes.
  std::chrono::milliseconds handshake_timeout{10'000};
  /// Between two attempts: doubles from the first to the last, less up to a
  /// half by chance.
  std::chrono::milliseconds retry_first{100}, retry_last{2000};
  /// For links to end, which takes less unless a disk hangs.
  std::chrono::milliseconds close_timeout{20'000};
  /// Waiting for a peer: nothing more is taken beyond, but a frame that finds
  /// its lane empty always is.
  lane_bytes waiting_max{16 << 20, 16 << 20, 4 << 20};
  /// On the way to a peer, and not yet taken there.
  lane_bytes window{1 << 20, 1 << 20, 256 << 10};
};

/// The longest frames: an entry of a shard is at most what the shard's actors
/// took (16 MiB) and its encoding; commands are node frames.
inline constexpr lane_bytes frame_bytes_max{64 << 20, (1 << 20) + (4 << 10),
                                            1 << 20};

inline constexpr std::size_t past_bytes_max = std::size_t{64} << 10;

/// `network` over CAF's network transparency and mutual TLS 1.3.
///
///   send ─▶ outgoing ─▶ link actor ─(BASP over TLS)─▶ link actor ─▶ receiver
///           by lane      packets ≤ 64 KiB, credit      frames whole again
///
/// Invariants:
/// 1. Nobody is linked to without a certificate of the cluster's CA for this
///    cluster and that node, and the key of it.
/// 2. What was sent in one session comes in that session or never.
/// 3. What waits for a peer and what is on its way is bounded, by lane.
/// 4. The receiver runs on a thread of the peer's link, with no lock held.
/// 5. No peer waits for another: each link has a thread, and connects on it.
class links final : public network {
public:
  struct parts {
    const clock& time;
    observability::logger& log;
    observability::metrics& metrics;
    /// Whether to talk to this process at all. Called before the link is up, on
    /// the link's thread, which may block; for several peers at once.
    std::function<result<void>(const link_peer&)> admit;
    std::uint64_t seed = 0;
    /// link_peer::past of this process, at each attempt. Any thread.
    std::function<std::string()> past = {};
    /// How far this process is, in numbers that only grow: linked peers are
    /// told within a heartbeat. Any thread.
    std::function<std::uint64_t()> mark = {};
    /// A linked peer is so far. On the link's thread.
    std::function<void(const link_peer&, std::uint64_t mark)> renewed = {};
  };

  /// Checks the certificates and listens. TLS before 1.3 is ruled out in the
  /// whole process: nobody else may make TLS contexts meanwhile.
  /// Fails with config_invalid, not_found or forbidden, naming the file; with
  /// io_failed, naming the address.
  static result<std::unique_ptr<links>> open(link_options options, parts with);

  /// Closes. Where that is in vain, what hangs keeps what is this object's.
  ~links() override;
  links(const links&) = delete;
  links& operator=(const links&) = delete;

  /// Where it listens.
  std::uint16_t port() const noexcept;

  /// Who is linked to, from now on: others are refused, and links to them end.
  /// Any thread.
  void set_peers(std::vector<link_address> peers);

  /// From now on `to`, which outlives this or its close, is told of frames and
  /// links; before, there are none. While it works on one call the peer hears
  /// nothing: one that takes four heartbeats loses the link. Once.
  void start(receiver& to);

  /// Ends all links, and waits for calls under way, at most for close_timeout.
  /// Nobody is called any more once this has returned true. False: a link's
  /// thread hangs, as on a disk, and still uses what was given to `open` and
  /// `start`. Try again, or end the process. Not from a receiver.
  bool close();

  bool send(node_id to, lane by, std::string frame) override;

  struct status {
    node_id node;
    config::endpoint at;
    bool up = false;
    /// Of frames, while it is up; else 0.
    std::uint8_t version = 0;
    /// Why not, for operators; empty if there is nothing to tell.
    std::string problem;
    /// link_peer::urls, while it is up; else none.
    std::vector<std::string> urls = {};
  };

  /// By node. Any thread.
  std::vector<status> describe() const;

private:
  class system;

  explicit links(std::unique_ptr<system> made);

  std::unique_ptr<system> system_;
};

} // namespace iris::cluster
