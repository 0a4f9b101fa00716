#pragma once

#include "base/error.hpp"
#include "base/result.hpp"
#include "config/settings.hpp"
#include "persistence/node_store.hpp"

#include <cstddef>

namespace iris::apps {

/// How the files that a process may have open are shared out. A node that
/// opened all of them for clients could not write its log any more.
struct descriptors {
  std::size_t limit = 0;
  std::size_t own = 0;         ///< for all but clients' connections
  std::size_t connections = 0; ///< for clients
  std::size_t told = 0;        ///< for those who are told that it is full

  bool operator==(const descriptors&) const = default;
};

/// The files that a node opens besides its clients' connections, at most.
std::size_t own_descriptors(const config::settings& of,
                            const persistence::node_options& store);

/// Fails with io_failed if nothing is left for a client.
result<descriptors> share_descriptors(std::size_t limit, std::size_t own);

/// A limit that leaves so many clients their connections.
std::size_t descriptors_needed(std::size_t own, std::size_t connections);

/// Raises this process's limit of open files as far as it may. Returns it.
std::size_t raise_descriptor_limit();

} // namespace iris::apps
