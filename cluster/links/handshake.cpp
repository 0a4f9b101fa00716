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

void put(encoder& to, const link_peer& x) {
  to.u64(x.node.value).u64(x.store).u64(x.incarnation).u64(x.founding);
  to.bytes(x.past);
}

std::string name(node_id x) {
  return "node " + std::to_string(x.value);
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
  return {link_version, with_.cluster, expected.value, self(), nonce_};
}

result<proven> handshake::answer(const welcome& from) {
  peer_ = from.from;
  peer_nonce_ = from.nonce;
  if (peer_.node != expected_)
    return refuse("it says that it is " + name(peer_.node) + ": expected "
                  + name(expected_));
  if (auto good = judge(from.proof, role::acceptor); !good)
    return good.failure();
  if (auto good = check_words(); !good)
    return good.failure();
  return prove(role::connector);
}

result<welcome> handshake::answer(const hello& from) {
  here_ = role::acceptor;
  peer_ = from.from;
  peer_nonce_ = from.nonce;
  if (from.version != link_version)
    return refuse("it speaks version " + std::to_string(from.version)
                  + " of links: expected " + std::to_string(link_version));
  if (from.cluster != with_.cluster)
    return refuse("it is of the cluster \"" + from.cluster.substr(0, 64)
                  + "\": expected \"" + with_.cluster + "\"");
  if (from.to != with_.self.node.value)
    return refuse("it looks for " + name({from.to}) + ": this is "
                  + name(with_.self.node));
  if (auto good = check_words(); !good)
    return good.failure();
  auto proof = prove(role::acceptor);
  if (!proof)
    return proof.failure();
  return welcome{self(), nonce_, *std::move(proof)};
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

link_peer handshake::self() const {
  auto out = with_.self;
  out.past = past_;
  return out;
}

std::string handshake::words_of(role by) const {
  auto connects = here_ == role::connector;
  std::string out;
  encoder to{out};
  to.raw("iris link").u8(link_version).u8(static_cast<std::uint8_t>(by));
  to.bytes(with_.cluster);
  put(to, connects ? self() : peer_);
  put(to, connects ? peer_ : self());
  to.bytes(connects ? nonce_ : peer_nonce_);
  to.bytes(connects ? peer_nonce_ : nonce_);
  return out;
}

result<proven> handshake::prove(role as) const {
  auto made = security::prove_node(with_.files, words_of(as));
  if (!made)
    return made.failure();
  return proven{std::move(made->certificate), std::move(made->signature)};
}

result<void> handshake::judge(const proven& by, role as) const {
  if (peer_nonce_.size() != nonce_bytes)
    return refuse("its nonce is too short: expected 32 bytes");
  auto who =
    security::proven_node({with_.files.ca, with_.cluster, time_.wall_now()},
                          {by.certificate, by.signature}, words_of(as));
  if (!who)
    return who.failure();
  if (*who != peer_.node)
    return refuse("it has the certificate of " + name(*who)
                  + ": expected that of " + name(peer_.node));
  return {};
}

result<void> handshake::check_words() const {
  if (peer_.past.size() > past_bytes_max)
    return refuse("it shows " + std::to_string(peer_.past.size())
                  + " bytes of its past: expected at most "
                  + std::to_string(past_bytes_max));
  auto mine = with_.self.founding;
  if (mine == 0 || peer_.founding == 0 || mine == peer_.founding)
    return {};
  return refuse("it was founded with other first members or another number of "
                "shards: expected the same in each node's configuration");
}

} // namespace iris::cluster
