#pragma once

#include "supervision/caf.hpp"

#include <string>
#include <vector>

namespace iris::supervision {

/// A line of the live tree.
struct tree_node {
  std::string name;
  std::string type;
  std::string state;
  std::uint64_t restarts = 0;
  std::uint64_t count = 1; ///< actors that this line stands for
  std::uint32_t mailbox_depth = 0;
  std::uint32_t mailbox_bound = 0; ///< 0: flow is controlled elsewhere
  std::uint64_t rejected = 0;
  std::string last_fault;
  std::vector<tree_node> children;
};

/// Answered by a tree_node: the actor itself and all below it.
struct read_tree {};

} // namespace iris::supervision

IRIS_LOCAL_MESSAGE(iris::supervision::tree_node)
IRIS_LOCAL_MESSAGE(iris::supervision::read_tree)
