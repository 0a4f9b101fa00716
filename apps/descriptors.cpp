#include "apps/descriptors.hpp"

#include "admin/server.hpp"
#include "cluster/links/connections.hpp"
#include "edge/gate.hpp"

#include <algorithm>
#include <string>

#include <sys/resource.h>

namespace iris::apps {

namespace {

/// An io_context's epoll, timer and bell.
constexpr std::size_t per_loop = 3;
/// Standard input, output and error, log.file.
constexpr std::size_t streams = 4;
/// One for each transport, one for the admin interface.
constexpr std::size_t listeners = 5;
/// While links are made, there is one more from each side.
constexpr std::size_t per_peer = 4;
/// Just accepted, files that are read at a reload or for /metrics, and what
/// the process was started with.
constexpr std::size_t margin = 32;

/// For the other nodes, and for whoever else connects there: each has a copy by
/// which it is cut off.
std::size_t of_links(const config::settings& of) {
  if (of.cluster.address.off())
    return 0;
  return 1 + per_loop + per_peer * of.cluster.nodes.size()
         + 2 * cluster::connections::strangers_max;
}

} // namespace

std::size_t own_descriptors(const config::settings& of,
                            const persistence::node_options& store) {
  auto loops = config::thread_count(of) + 1; // the admin interface's
  return persistence::descriptors_max(store) + per_loop * loops + streams
         + listeners + of_links(of) + admin::server_options{}.connections_max
         + margin;
}

result<descriptors> share_descriptors(std::size_t limit, std::size_t own) {
  if (limit <= own)
    return error{errc::io_failed,
                 "the limit of open files is " + std::to_string(limit)
                   + ", expected at least " + std::to_string(own + 1) + ": "
                   + std::to_string(own)
                   + " for the node itself and 1 for a client; raise it with "
                     "ulimit -n, or LimitNOFILE of a systemd unit"};
  auto left = limit - own;
  auto told = std::min(edge::gate::told_max, left / 8);
  return descriptors{limit, own, left - told, told};
}

std::size_t descriptors_needed(std::size_t own, std::size_t connections) {
  return own + connections + edge::gate::told_max;
}

std::size_t raise_descriptor_limit() {
  rlimit found{};
  ::getrlimit(RLIMIT_NOFILE, &found);
  auto wanted = found;
  wanted.rlim_cur = found.rlim_max;
  // Refused where the system's own bound was lowered: it stays as it was.
  return ::setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur
                                                  : found.rlim_cur;
}

} // namespace iris::apps
