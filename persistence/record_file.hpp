#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// LevelDB's record files, the write-ahead logs and MANIFESTs, as its
/// doc/log_format.md gives them: blocks of 32 KiB, in them
///   CRC32C of type and bytes u32 | length u16 | type u8 | bytes
/// little-endian, where a record is one piece of type 1 (full) or pieces of
/// types 2 (first), 3 (middle) … 4 (last).
namespace iris::persistence {

/// Where the whole records from the beginning end: at the first one that is cut
/// short or damaged, or at the end of the file. Any thread, as all here.
std::size_t readable_bytes(std::string_view file);

/// Whether another record begins undamaged behind the one at `damaged`, which
/// is what readable_bytes found. One write that a crash cut short leaves none;
/// damage in the middle of a file does.
bool records_follow(std::string_view file, std::size_t damaged);

/// The write-ahead log that a MANIFEST's whole records name last; older ones
/// are not needed, this one must exist. Nothing for a new database, or when
/// the MANIFEST can't be read.
std::optional<std::uint64_t> log_number_of(std::string_view manifest);

} // namespace iris::persistence
