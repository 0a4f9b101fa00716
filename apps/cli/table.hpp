#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace iris::cli {

/// Columns that a terminal shows for UTF-8 text without wide characters.
std::size_t columns_of(std::string_view text) noexcept;

/// Text that came from elsewhere, fit for a terminal: control characters, which
/// could move the cursor, colour the screen or turn the direction of text,
/// become '?', as does each byte that is of no character.
std::string printable(std::string_view text);

/// Rows of text under a heading, columns aligned, two spaces between them.
class table {
public:
  explicit table(std::vector<std::string> heading);

  /// Missing cells are empty. Precondition: no more cells than columns.
  void add(std::vector<std::string> row);

  void print(std::ostream& to) const;

private:
  std::vector<std::vector<std::string>> rows_;
};

} // namespace iris::cli
