#pragma once

#include "cluster/links/introduction.hpp"
#include "cluster/links/messages.hpp"

namespace iris::cluster {

/// One attempt of two processes to find out who the other is. Pure but for the
/// certificates' files, which it reads.
///
/// Each end signs, with its certificate's key, its role and what both say of
/// themselves, nonces and what it doesn't understand included: a proof is good
/// for these two processes and this attempt only.
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
  /// Of frames: the one to speak.
  std::uint8_t version() const noexcept { return version_; }

private:
  enum class role : std::uint8_t { connector = 1, acceptor };

  std::string introduce(node_id to);
  result<void> listen(std::string_view words);
  result<void> check(const introduction& of) const;
  std::string signed_by(role by) const;
  result<proven> prove(role as) const;
  result<void> judge(const proven& by, role as) const;

  const link_options& with_;
  const clock& time_;
  const std::string past_;
  role here_ = role::connector;
  node_id expected_;
  const std::string nonce_;
  std::string peer_nonce_;
  std::string words_, peer_words_;
  link_peer peer_;
  std::uint8_t version_ = 0;
};

} // namespace iris::cluster
