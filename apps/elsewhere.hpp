#pragma once

#include "cluster/cluster_map.hpp"
#include "cluster/links/links.hpp"
#include "protocol/frames.hpp"

#include <string>
#include <vector>

namespace iris::apps {

/// The URLs of the other nodes that take clients now: linked, active, and known
/// to have some. At most limits::nodes_max; each node's first comes before
/// anybody's second. They begin with the nodes behind `self`, so that nodes
/// that stop together send their clients to different ones.
std::vector<std::string> elsewhere(node_id self,
                                   const cluster::cluster_map& map,
                                   std::vector<cluster::links::status> links);

} // namespace iris::apps
