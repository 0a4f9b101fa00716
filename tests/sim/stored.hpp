#pragma once

#include "base/result.hpp"

#include <map>
#include <string>

namespace iris::sim {

/// What a node's store holds: "IDENTITY", and "state/<key>" and "log/<key>"
/// for all keys of the databases.
using stored_content = std::map<std::string, std::string>;

/// Reads it from the files of a disk (memory_disk::files), on a copy of them
/// and with nothing but LevelDB: neither a node's start nor the guarded Env has
/// a say in what was there. Ends that a crash tore are left out.
result<stored_content>
read_stored(const std::map<std::string, std::string>& files,
            const std::string& dir);

} // namespace iris::sim
