#pragma once

#include "config/settings.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace iris::config {

/// An element of `cluster.nodes`: "7=node-7.example.org:7400".
struct cluster_node {
  std::uint32_t id = 0;
  endpoint at; ///< where the others reach it: a port, and no wildcard

  bool operator==(const cluster_node&) const = default;

  static std::optional<cluster_node> parse(std::string_view text);
};

/// `cluster.nodes`, in the order of their ids.
std::vector<cluster_node> cluster_nodes(const settings& x);

/// Where the node's key is: `cluster.key`, or with its certificate.
std::filesystem::path cluster_key_path(const settings& x);

} // namespace iris::config
