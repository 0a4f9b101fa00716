#pragma once

#include "base/error.hpp"

#include <leveldb/status.h>
#include <string>

namespace iris::persistence {

/// LevelDB's failure as ours: corrupt, storage_full or io_failed. `where` is
/// the directory that it is about. Precondition: `what` is a failure.
error to_error(const leveldb::Status& what, const std::string& where);

} // namespace iris::persistence
