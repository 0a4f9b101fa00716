#pragma once

#include "cluster/links/messages.hpp"

namespace iris::cluster {

/// One attempt of two processes to find out who the other is. Pure but for the
/// certificates' files, which it reads.
///
/// Each end signs, with its certificate's key, its role, the cluster, what both
/// say of themselves, and both nonces: a proof is good for these two processes
/// and this attempt only.
class handshake {
public:
  /// `with` outlives it. `past` is link_peer::past of this process.
  handshake(const link_options& with, const clock& time, std::string past = {});

  // -- the connector ----------------------------------------------------------

  /// What to say first to whom one expects.
  hello greet(node_id expected);
  /// Judges the acceptor, and proves this node. Fails with forbidden, or as
  /// security::prove_node does.
  result<proven> answer(const welcome& from);

  // -- the acceptor -----------------------------------------------------------

  /// Judges what a connector says, and proves this node.
  result<welcome> answer(const hello& from);
  /// Judges the connector's proof.
  result<void> judge(const proven& by) const;

  /// Of the other; believe it once it is judged.
  const link_peer& peer() const noexcept { return peer_; }
  session_id session() const;

private:
  enum class role : std::uint8_t { connector = 1, acceptor };

  link_peer self() const;
  std::string words_of(role by) const;
  result<proven> prove(role as) const;
  result<void> judge(const proven& by, role as) const;
  result<void> check_words() const;

  const link_options& with_;
  const clock& time_;
  const std::string past_;
  role here_ = role::connector;
  node_id expected_;
  std::string nonce_, peer_nonce_;
  link_peer peer_;
};

} // namespace iris::cluster
