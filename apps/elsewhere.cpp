#include "apps/elsewhere.hpp"

#include "config/client_url.hpp"

#include <algorithm>

namespace iris::apps {

static_assert(config::client_url_bytes_max == protocol::limits::url_bytes_max);

std::vector<std::string> elsewhere(node_id self,
                                   const cluster::cluster_map& map,
                                   std::vector<cluster::links::status> links) {
  std::erase_if(links, [&](const auto& x) {
    const auto* known = cluster::find(map, x.node);
    return !x.up || known == nullptr
           || known->state != cluster::node_state::active;
  });
  std::stable_partition(links.begin(), links.end(),
                        [=](const auto& x) { return x.node > self; });
  std::vector<std::string> out;
  for (std::size_t i = 0; i < config::client_urls_max; ++i)
    for (const auto& x : links)
      if (i < x.urls.size() && out.size() < protocol::limits::nodes_max)
        out.push_back(x.urls[i]);
  return out;
}

} // namespace iris::apps
