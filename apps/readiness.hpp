#pragma once

#include "base/result.hpp"
#include "cluster/cluster_map.hpp"
#include "observability/metrics.hpp"

namespace iris::apps {

/// Whether each replica of `self` that others count on votes: none has
/// stopped, and none copies another's state. Who is being brought up is no
/// voter yet, and not counted on. Any thread.
/// Fails with unavailable, and what to do.
result<void> replicas_vote(const observability::metrics& from,
                           const cluster::cluster_map& map, node_id self);

} // namespace iris::apps
