#pragma once

#include "cluster/links/links.hpp"

#include <caf/all.hpp>

/// What link actors of two nodes say to each other.
///
///   connector                      acceptor
///     hello       ──────────▶  (its porter)
///                 ◀──────────  welcome
///     proven      ──────────▶
///                 ◀──────────  linked
///     packet, grant, beat ◀─▶  packet, grant, beat
///
/// or `refused` instead of any, and then nothing more. The names under which
/// they are registered are the wire's: a message that changes gets a new one.
namespace iris::cluster {

/// Two numbers that only the two ends know; nobody else on CAF's net can say
/// something in a session, nor can an earlier one reach into it.
struct session_id {
  std::uint64_t connector = 0, acceptor = 0;

  bool operator==(const session_id&) const = default;
};

template <class Inspector>
auto inspect(Inspector& f, session_id& x) {
  return f(caf::meta::type_name("session"), x.connector, x.acceptor);
}

/// `words` are an `introduction`, as bytes.
struct hello {
  std::string words;
};

template <class Inspector>
auto inspect(Inspector& f, hello& x) {
  return f(caf::meta::type_name("hello"), x.words);
}

/// A certificate as DER, and a signature over both ends' words.
struct proven {
  std::string certificate, signature;
};

template <class Inspector>
auto inspect(Inspector& f, proven& x) {
  return f(caf::meta::type_name("proven"), x.certificate, x.signature);
}

struct welcome {
  std::string words; ///< as in `hello`
  proven proof;
};

template <class Inspector>
auto inspect(Inspector& f, welcome& x) {
  return f(caf::meta::type_name("welcome"), x.words, x.proof);
}

struct linked {
  session_id session;
};

template <class Inspector>
auto inspect(Inspector& f, linked& x) {
  return f(caf::meta::type_name("linked"), x.session);
}

struct refused {
  std::string why;
};

template <class Inspector>
auto inspect(Inspector& f, refused& x) {
  return f(caf::meta::type_name("refused"), x.why);
}

/// Pieces of frames, see packet_content. Counted from 1 in each direction.
struct packet {
  session_id session;
  std::uint64_t number = 0;
  std::uint8_t by = 0;
  std::string pieces;
};

template <class Inspector>
auto inspect(Inspector& f, packet& x) {
  return f(caf::meta::type_name("packet"), x.session, x.number, x.by, x.pieces);
}

/// So much more of a lane may come.
struct grant {
  session_id session;
  std::uint8_t by = 0;
  std::uint32_t bytes = 0;
};

template <class Inspector>
auto inspect(Inspector& f, grant& x) {
  return f(caf::meta::type_name("grant"), x.session, x.by, x.bytes);
}

/// It is alive, and so far: see links::parts::mark.
struct beat {
  session_id session;
  std::uint64_t mark = 0;
};

template <class Inspector>
auto inspect(Inspector& f, beat& x) {
  return f(caf::meta::type_name("beat"), x.session, x.mark);
}

inline void add_link_messages(caf::actor_system_config& to) {
  to.add_message_type<hello>("iris.link.hello.3")
    .add_message_type<welcome>("iris.link.welcome.3")
    .add_message_type<proven>("iris.link.proven")
    .add_message_type<linked>("iris.link.linked")
    .add_message_type<refused>("iris.link.refused")
    .add_message_type<packet>("iris.link.packet")
    .add_message_type<grant>("iris.link.grant")
    .add_message_type<beat>("iris.link.beat.2");
}

} // namespace iris::cluster
