#include "config/cluster_node.hpp"

#include <algorithm>
#include <charconv>

namespace iris::config {

std::optional<cluster_node> cluster_node::parse(std::string_view text) {
  auto sign = text.find('=');
  if (sign == text.npos)
    return std::nullopt;
  cluster_node out;
  auto id = text.substr(0, sign);
  auto [end, failed] =
    std::from_chars(id.data(), id.data() + id.size(), out.id);
  auto at = endpoint::parse(text.substr(sign + 1));
  // One spelling only: by it, two elements are told to be the same.
  if (failed != std::errc{} || end != id.data() + id.size() || out.id == 0
      || id.front() == '0' || !at || at->off() || at->wildcard()
      || at->port == 0)
    return std::nullopt;
  out.at = *std::move(at);
  return out;
}

std::vector<cluster_node> cluster_nodes(const settings& x) {
  std::vector<cluster_node> out;
  for (const auto& text : x.cluster.nodes)
    if (auto node = cluster_node::parse(text))
      out.push_back(*std::move(node));
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return out;
}

std::filesystem::path cluster_key_path(const settings& x) {
  return x.cluster.key.empty() ? x.cluster.certificate : x.cluster.key;
}

} // namespace iris::config
