#pragma once

#include "persistence/identity.hpp"
#include "persistence/log_store.hpp"
#include "persistence/state_store.hpp"

#include <functional>
#include <memory>
#include <string>

namespace iris::persistence {

/// How the two databases of a node are opened; `may_create` is not used.
struct node_options {
  store_options state;
  store_options log;
  /// Whether other nodes have the shard with this log. One of theirs that is
  /// damaged is no reason not to open the store. Not told: whether other nodes
  /// founded it.
  std::function<bool(const loaded_log&)> others_have = {};
};

/// Files that a node's store may have open at a time.
std::size_t descriptors_max(const node_options& options);

/// A node's directory: IDENTITY, state/ and log/, and LOCK, which one process
/// holds. docs/storage.md has the whole story.
///
/// 1. Opening never deletes or renames what holds data.
/// 2. IDENTITY.new is written first and becomes IDENTITY when all is made: a
///    creation that was interrupted is told from a store that lost parts, and
///    the next opening goes on with it.
/// 3. No log has forgotten what the state has not applied.
class node_store {
public:
  /// Opens the store of `expected` in `dir`, or makes it where there is no
  /// directory or an empty one; the directory above must exist. Only a store
  /// that is made takes its number and founders from `expected`. `where` must
  /// outlive the store. Fails with store_foreign, store_newer, store_missing,
  /// corrupt, store_locked, storage_full, io_failed.
  static result<node_store> open(const std::string& dir,
                                 const identity& expected, disk& where,
                                 node_options options = {});

  using lock =
    std::unique_ptr<leveldb::FileLock, std::function<void(leveldb::FileLock*)>>;

private:
  lock lock_; // released last

public:
  identity self; ///< as it is on disk
  std::unique_ptr<state_store> state;
  std::unique_ptr<log_store> log;
};

} // namespace iris::persistence
