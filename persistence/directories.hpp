#pragma once

#include "base/result.hpp"
#include "persistence/disk.hpp"

#include <filesystem>

namespace iris::persistence {

/// Makes `dir` and what is missing above it. When this returns, all of their
/// names are durable, also if an earlier call was cut short: what is to last
/// has to be made after it. Fails with storage_full or io_failed.
result<void> make_directories(const std::filesystem::path& dir, disk& where);

} // namespace iris::persistence
