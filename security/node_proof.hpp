#pragma once

#include "security/cluster_certificates.hpp"

#include <string>
#include <string_view>

namespace iris::security {

/// With what a node proves to another who it is: its certificate, and that it
/// has the key, shown by signing what the other chose.
struct node_proof {
  std::string certificate; ///< DER
  std::string signature;
};

/// Signs `what` as the node whose files these are. They are read anew each
/// time, for they may have been replaced. Blocks.
/// Fails as read_certificate and read_private_key do, or with config_invalid,
/// naming the file.
result<node_proof> prove_node(const cluster_files& files,
                              std::string_view what);

/// Whether a node could prove itself and judge others with these files as they
/// are now. Signs nothing: who only connects must not cost that. Blocks. Fails
/// as prove_node and proven_node do.
result<void> check_files(const cluster_files& files);

/// By what a proof is judged.
struct node_judge {
  std::filesystem::path ca; ///< PEM: one or more that sign for the cluster
  std::string_view cluster;
  timestamp now;
};

/// The node that signed `what`: its certificate is signed by the CA itself,
/// holds now, and names a node of this cluster. Reads the CA's file. Blocks.
/// Fails with forbidden, saying what was expected; config_invalid, naming the
/// file.
result<node_id> proven_node(const node_judge& by, const node_proof& proof,
                            std::string_view what);

} // namespace iris::security
