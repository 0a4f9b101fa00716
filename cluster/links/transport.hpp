#pragma once

#include "cluster/links/connections.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>

#include <functional>

/// CAF's own TLS over our own sockets. CAF's ready-made way
/// (openssl::remote_actor, openssl::publish) is not taken because it
///  - blocks every other connect of the actor system while a host is silent;
///  - throws on the I/O thread, which ends the process, when a certificate
///    can't be read at the moment that somebody connects;
///  - leaves the errors of one connection in OpenSSL's queue, where the next
///    read of any other takes them for its own;
///  - leaks an SSL context for each that it can't give the certificates to;
///  - can't end a connection, and keeps one that never says anything for ever;
///  - allocates what a header asks for, up to 4 GiB.
/// A new SSL context is made for each connection, from the files: a link that
/// is made later uses what is in them then.
namespace iris::cluster {

/// A message between two nodes, as BASP counts: a packet and what is around it.
inline constexpr std::size_t basp_bytes_max = std::size_t{128} << 10;

/// What CAF's broker needs to speak over a connection. The connection is the
/// scribe's from now on, also if this fails: with no_connection, saying why.
result<caf::io::scribe_ptr> make_scribe(caf::actor_system& system, socket_fd fd,
                                        const connection_ptr& about);

/// Accepts. `on_refused` is told of what ends before it is a link, on the I/O
/// thread.
caf::io::doorman_ptr
make_doorman(caf::actor_system& system, socket_fd fd, connections& all,
             std::function<void(const connection&)> on_refused);

/// The actor that speaks BASP.
caf::actor basp_broker(caf::actor_system& system);

} // namespace iris::cluster
