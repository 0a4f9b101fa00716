#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace iris::config {

/// How many letters to insert, delete, replace or swap with their neighbour to
/// turn `a` into `b`: optimal string alignment, the restricted form of
/// Damerau's distance (Boytsov, "Indexing methods for approximate dictionary
/// searching", 2011, section 2.1).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The known name of which `name` is a misspelling: the first of those that
/// are the fewest edits away, at most one in four letters, and none in two.
/// Empty if none is.
std::string_view closest(std::string_view name,
                         std::span<const std::string_view> known);

/// The known dotted name that the writer of `name` most likely meant: the
/// closest, else the only one that begins with `name` or has the same last
/// part. Empty if there is none.
std::string_view nearest(std::string_view name,
                         std::span<const std::string_view> known);

} // namespace iris::config
