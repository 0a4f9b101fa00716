#pragma once

#include <cstddef>

namespace iris::persistence {

/// How one database is opened.
struct store_options {
  /// Memory for writes that are not in a table yet. Up to twice as much is
  /// used, and read again at start. At least 64 KiB.
  std::size_t write_buffer_bytes = std::size_t{32} << 20;
  /// Blocks of tables kept in memory. Tables that are open take up to as much
  /// again, and a file descriptor each: one for 128 KiB, 64 to 1,000.
  std::size_t cache_bytes = std::size_t{64} << 20;
  /// Whether a database that isn't there is made.
  bool may_create = true;
};

} // namespace iris::persistence
