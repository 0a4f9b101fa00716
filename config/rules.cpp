#include "config/rules.hpp"

#include "config/cluster_node.hpp"
#include "config/problem.hpp"

namespace iris::config {

namespace {

constexpr std::string_view cluster = "cluster.address";
constexpr std::string_view nodes = "cluster.nodes";
constexpr std::string_view cluster_ca = "cluster.ca";
constexpr std::string_view cluster_certificate = "cluster.certificate";
constexpr std::string_view tcp = "listen.tcp.address";
constexpr std::string_view tls = "listen.tls.address";
constexpr std::string_view ws = "listen.ws.address";
constexpr std::string_view wss = "listen.wss.address";
constexpr std::string_view urls = "listen.urls";
constexpr std::string_view insecure = "listen.insecure";
constexpr std::string_view admin = "admin.address";
constexpr std::string_view tls_certificate = "tls.certificate";
constexpr std::string_view tls_key = "tls.key";
constexpr std::string_view tls_generate = "tls.generate";

struct bound {
  std::string_view option;
  const endpoint& address;
  bool plain;
};

std::vector<bound> addresses(const settings& x) {
  return {
    {tcp, x.listen.tcp.address, true}, {tls, x.listen.tls.address, false},
    {ws, x.listen.ws.address, true},   {wss, x.listen.wss.address, false},
    {admin, x.admin.address, true},    {cluster, x.cluster.address, false},
  };
}

std::vector<violation> plain_stays_local(const settings& x) {
  std::vector<violation> found;
  if (x.listen.insecure)
    return found;
  for (const auto& b : addresses(x))
    if (b.plain && !b.address.off() && !b.address.loopback())
      found.push_back({b.option, insecure, excerpt(b.address.str()),
                       "a loopback address without TLS, or "
                       "listen.insecure = true"});
  return found;
}

std::vector<violation> one_listener_each(const settings& x) {
  std::vector<violation> found;
  auto all = addresses(x);
  for (std::size_t j = 1; j < all.size(); ++j)
    for (std::size_t i = 0; i < j; ++i)
      if (all[j].address.clashes_with(all[i].address)) {
        found.push_back(
          {all[j].option, all[i].option, excerpt(all[j].address.str()),
           "another address than that of " + std::string{all[i].option}});
        break;
      }
  return found;
}

std::vector<violation> certificate_and_key(const settings& x) {
  auto one = !x.tls.certificate.empty();
  auto other = !x.tls.key.empty();
  if (one == other)
    return {};
  if (one)
    return {
      {tls_key, tls_certificate, excerpt(""), "the key of tls.certificate"}};
  return {
    {tls_certificate, tls_key, excerpt(""), "the certificate of tls.key"}};
}

std::vector<violation> one_source_of_certificates(const settings& x) {
  if (!x.tls.generate || (x.tls.certificate.empty() && x.tls.key.empty()))
    return {};
  return {{tls_generate, tls_certificate, "true",
           "false, or neither tls.certificate nor tls.key"}};
}

std::vector<violation> tls_has_a_certificate(const settings& x) {
  std::vector<violation> found;
  if (x.tls.generate || !x.tls.certificate.empty() || !x.tls.key.empty())
    return found;
  for (const auto& b : addresses(x))
    if (!b.plain && !b.address.off() && b.option != cluster)
      found.push_back({b.option, tls_generate,
                       excerpt(b.address.str()) + " without a certificate",
                       "tls.certificate and tls.key, or tls.generate = true"});
  return found;
}

/// A proxy before the node may end TLS; it makes no WebSocket of a stream.
std::vector<violation> urls_have_a_listener(const settings& x) {
  const auto& to = x.listen;
  for (const auto& url : to.urls) {
    auto websocket = url.starts_with("ws");
    if (websocket ? to.ws.address.off() && to.wss.address.off()
                  : to.tcp.address.off() && to.tls.address.off())
      return {{urls, websocket ? wss : tls, excerpt(url),
               websocket ? "URLs of a kind that this node listens for: "
                           "listen.wss.address, or listen.ws.address"
                         : "URLs of a kind that this node listens for: "
                           "listen.tls.address, or listen.tcp.address"}};
  }
  return {};
}

std::vector<violation> nodes_prove_who_they_are(const settings& x) {
  if (x.cluster.address.off())
    return {};
  auto file = x.cluster.ca.empty()            ? cluster_ca
              : x.cluster.certificate.empty() ? cluster_certificate
                                              : std::string_view{};
  if (file.empty())
    return {};
  return {{file, cluster, excerpt(""),
           "a file, for nodes never speak to each other without certificates: "
           "iris cert --help"}};
}

std::vector<violation> address_and_nodes(const settings& x) {
  if (x.cluster.address.off() == x.cluster.nodes.empty())
    return {};
  if (x.cluster.nodes.empty())
    return {{nodes, cluster, "[]", "the nodes that found the cluster"}};
  return {{cluster, nodes, excerpt(""),
           "the address where the nodes of cluster.nodes connect"}};
}

std::vector<violation> each_node_once(const settings& x) {
  auto all = cluster_nodes(x);
  for (std::size_t j = 1; j < all.size(); ++j)
    for (std::size_t i = 0; i < j; ++i)
      if (all[i].id == all[j].id || all[i].at == all[j].at)
        return {{nodes, nodes,
                 excerpt(std::to_string(all[j].id) + "=" + all[j].at.str()),
                 "each number and each address once"}};
  return {};
}

} // namespace

std::span<const rule> rules() {
  static const std::vector<rule> all = {
    {"Listeners without TLS, `admin.address` included, bind to loopback "
     "unless `listen.insecure` is true.",
     {tcp, ws, admin, insecure},
     plain_stays_local},
    {"No two listeners share an address and port.",
     {tcp, tls, ws, wss, admin, cluster},
     one_listener_each},
    {"`cluster.address` needs `cluster.ca` and `cluster.certificate`.",
     {cluster, cluster_ca, cluster_certificate},
     nodes_prove_who_they_are,
     {cluster_ca, cluster_certificate}},
    {"`cluster.address` and `cluster.nodes` come together.",
     {cluster, nodes},
     address_and_nodes},
    {"`cluster.nodes` has each number and each address once.",
     {nodes},
     each_node_once},
    {"`tls.certificate` and `tls.key` come together.",
     {tls_certificate, tls_key},
     certificate_and_key},
    {"`listen.urls` has only URLs of a kind that is listened for: WebSocket, "
     "or not.",
     {urls, tcp, tls, ws, wss},
     urls_have_a_listener,
     {tcp, tls, ws, wss}},
    {"`tls.generate` excludes `tls.certificate` and `tls.key`.",
     {tls_certificate, tls_key, tls_generate},
     one_source_of_certificates},
    {"`listen.tls` and `listen.wss` need a certificate, given or generated.",
     {tls, wss, tls_certificate, tls_key, tls_generate},
     tls_has_a_certificate,
     {tls_certificate, tls_key}},
  };
  return all;
}

} // namespace iris::config
