#pragma once

#include <string>
#include <string_view>

/// What fits into a row of a terminal. Texts are printable(). No text is taken
/// for narrower than the terminal shows it.
namespace iris::cli {

/// Before all rows of a text but the first, which alone begins at the left:
/// what a message holds can't pass for somebody else's.
inline constexpr std::string_view indent = "      ";

/// How many columns to use of a terminal that has, or says it has, so many.
/// The last one stays free: it may go on in the next row there.
std::size_t usable(std::size_t columns) noexcept;

/// The front of the text that fits into a row.
std::string front_of(std::string_view text, std::size_t columns);

/// The end of the text that fits into a row.
std::string end_of(std::string_view text, std::size_t columns);

/// Lines that are too long go on in rows of their own, which are indented.
/// Precondition: `columns` is usable().
std::string wrapped(std::string_view text, std::size_t columns);

} // namespace iris::cli
