#pragma once

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "security/pem.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace iris::security {

// By these certificates the nodes of one cluster know each other. Clients never
// see them: a cluster's CA signs nothing but nodes.

/// What a node needs to be one of a cluster.
struct cluster_files {
  std::filesystem::path ca;          ///< whom to trust
  std::filesystem::path certificate; ///< of this node
  /// The same file as `certificate` where Iris made them: a file is replaced
  /// as a whole, so that no moment and no crash leaves a key without its
  /// certificate.
  std::filesystem::path key;
};

/// Signs for nodes; stays with the operator.
struct cluster_ca {
  std::filesystem::path certificate; ///< cluster-ca.pem, for every node
  std::filesystem::path key;         ///< cluster-ca.key, 0600, for no node
};

inline constexpr std::chrono::hours cluster_ca_lifetime{10 * 365 * 24};
inline constexpr std::chrono::hours node_certificate_lifetime{825 * 24};

/// The name in a node's certificate: a URI among its subject alternative names,
/// "urn:iris:CLUSTER:node:7".
std::string node_name(std::string_view cluster, node_id node);

/// The node that a certificate is for. Whether it is signed by a CA that one
/// trusts is another question. Fails with forbidden, if it has not exactly one
/// name that is a node's of `cluster`.
result<node_id> named_node(const X509* certificate, std::string_view cluster);

/// Makes the CA of a cluster, and `directory` where it is missing. Never
/// replaces a file. Blocks.
/// Fails with: bad_field; already_exists, naming the file; io_failed.
result<cluster_ca> make_cluster_ca(const std::filesystem::path& directory,
                                   std::string_view cluster, timestamp now);

/// Whose certificate is to be made, and by whom.
struct node_certificate {
  cluster_ca ca;
  std::string cluster;
  node_id node;
  timestamp now;
  /// From an hour on. It ends with the CA's at the latest.
  std::chrono::hours lifetime = node_certificate_lifetime;
};

/// Makes `directory`/node-7.pem, which holds a new key (P-256) and its
/// certificate, for both ends of a connection, and is its owner's only. Never
/// replaces a file; makes the directory where it is missing. Blocks.
/// Fails with: bad_field; config_invalid, if the CA's files are none or another
/// cluster's; not_found; already_exists; io_failed.
result<cluster_files>
make_node_certificate(const std::filesystem::path& directory,
                      const node_certificate& what);

/// Replaces the node's certificate and key by new ones, at once: whoever opens
/// the file finds the old pair or the new one, after a crash too. A node uses
/// it for links that it makes from then on.
/// Fails as above, and with not_found or config_invalid if there is no
/// certificate of this node to replace.
result<cluster_files>
rotate_node_certificate(const std::filesystem::path& directory,
                        const node_certificate& what);

} // namespace iris::security
