#include "cluster/links/handshake.hpp"

#include "base/codec.hpp"
#include "base/random.hpp"
#include "security/node_proof.hpp"

namespace iris::cluster {

namespace {

constexpr std::size_t nonce_bytes = 32;

std::string make_nonce() {
  std::string out;
  while (out.size() < nonce_bytes)
    encoder{out}.u64(entropy());
  return out;
}

error refuse(std::string why) {
  return {errc::forbidden, std::move(why)};
}

std::string name(node_id x) {
  return "node " + std::to_string(x.value);
}

std::string text(const frame_versions& x) {
  if (x.min == x.max)
    return "version " + std::to_string(x.max);
  return "versions " + std::to_string(x.min) + " to " + std::to_string(x.max);
}

/// In the same words at both ends.
error no_common_version(const introduction& one, const introduction& other) {
  const auto& older = one.speaks.max < other.speaks.max ? one : other;
  return refuse(name(one.from.node) + " speaks " + text(one.speaks)
                + " of node frames, " + name(other.from.node) + " "
                + text(other.speaks) + ": expected one in common; upgrade "
                + name(older.from.node)
                + ", and skip no release that speaks both");
}

/// As far as both say it.
bool differ(std::uint64_t one, std::uint64_t other) {
  return one != 0 && other != 0 && one != other;
}

/// In the same words, too. Messages of one would go to wrong shards of the
/// other.
error other_shards(const link_peer& one, const link_peer& other) {
  return refuse(name(one.node)
                + " has node.shards = " + std::to_string(one.shards) + ", "
                + name(other.node) + " has " + std::to_string(other.shards)
                + ": expected the same on all nodes; a new one takes the "
                  "number of the others, and an empty node.data_dir");
}

} // namespace

handshake::handshake(const link_options& with, const clock& time,
                     std::string past)
  : with_(with), time_(time), past_(std::move(past)), nonce_(make_nonce()) {
  // nop
}

hello handshake::greet(node_id expected) {
  here_ = role::connector;
  expected_ = expected;
  return {introduce(expected)};
}

result<proven> handshake::answer(const welcome& from) {
  if (auto good = listen(from.words); !good)
    return good.failure();
  if (auto good = judge(from.proof, role::acceptor); !good)
    return good.failure();
  return prove(role::connector);
}

result<welcome> handshake::answer(const hello& from) {
  here_ = role::acceptor;
  if (auto good = listen(from.words); !good)
    return good.failure();
  auto words = introduce(peer_.node);
  auto proof = prove(role::acceptor);
  if (!proof)
    return proof.failure();
  return welcome{std::move(words), *std::move(proof)};
}

result<void> handshake::judge(const proven& by) const {
  return judge(by, role::connector);
}

session_id handshake::session() const {
  auto mine = decoder{nonce_}.u64();
  auto theirs = decoder{peer_nonce_}.u64();
  return here_ == role::connector ? session_id{mine, theirs}
                                  : session_id{theirs, mine};
}

std::string handshake::introduce(node_id to) {
  introduction out{with_.speaks, with_.self, with_.cluster, to, nonce_};
  out.from.past = past_;
  words_ = encode(out);
  return words_;
}

result<void> handshake::listen(std::string_view words) {
  auto said = decode_introduction(words);
  if (!said)
    return refuse(said.failure().context);
  peer_words_ = words;
  peer_ = said->from;
  peer_nonce_ = said->nonce;
  version_ = common_version(said->speaks, with_.speaks);
  return check(*said);
}

std::string handshake::signed_by(role by) const {
  auto connects = here_ == role::connector;
  std::string out;
  encoder to{out};
  to.raw("iris link 3").u8(static_cast<std::uint8_t>(by));
  to.bytes(connects ? words_ : peer_words_);
  to.bytes(connects ? peer_words_ : words_);
  return out;
}

result<proven> handshake::prove(role as) const {
  auto made = security::prove_node(with_.files, signed_by(as));
  if (!made)
    return made.failure();
  return proven{std::move(made->certificate), std::move(made->signature)};
}

result<void> handshake::judge(const proven& by, role as) const {
  if (peer_nonce_.size() != nonce_bytes)
    return refuse("its nonce is too short: expected 32 bytes");
  auto who =
    security::proven_node({with_.files.ca, with_.cluster, time_.wall_now()},
                          {by.certificate, by.signature}, signed_by(as));
  if (!who)
    return who.failure();
  if (*who != peer_.node)
    return refuse("it has the certificate of " + name(*who)
                  + ": expected that of " + name(peer_.node));
  return {};
}

result<void> handshake::check(const introduction& of) const {
  if (version_ == 0)
    return no_common_version(of, {with_.speaks, with_.self, {}, {}, {}});
  if (of.cluster != with_.cluster)
    return refuse("it is of the cluster \"" + of.cluster.substr(0, 64)
                  + "\": expected \"" + with_.cluster + "\"");
  if (of.to != with_.self.node)
    return refuse("it looks for " + name(of.to) + ": this is "
                  + name(with_.self.node));
  if (here_ == role::connector && of.from.node != expected_)
    return refuse("it says that it is " + name(of.from.node) + ": expected "
                  + name(expected_));
  if (of.from.past.size() > past_bytes_max)
    return refuse("it shows " + std::to_string(of.from.past.size())
                  + " bytes of its past: expected at most "
                  + std::to_string(past_bytes_max));
  if (differ(of.from.shards, with_.self.shards))
    return other_shards(of.from, with_.self);
  if (!differ(of.from.founding, with_.self.founding))
    return {};
  return refuse("it was founded with other first members or another number of "
                "shards: expected the same in each node's configuration, and "
                "of one that joins a store that was made without itself in its "
                "cluster.nodes");
}

} // namespace iris::cluster
