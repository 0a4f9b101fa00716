#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace iris::config {

/// A place in a text; both count from 1, columns in code points.
struct position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// Something no option takes, by its description: "a table", "a date".
struct unsuited {
  std::string_view what;
};

/// A value as it was written, before anybody asked whether it fits.
struct raw_value {
  std::variant<bool, std::int64_t, double, std::string, std::vector<raw_value>,
               unsuited>
    content;
  position where;
};

/// As it would be written in TOML, or described when that is long.
std::string print(const raw_value& x);

/// One `key = value`, or a table that nobody knows.
struct entry {
  /// Dotted. A part that isn't a bare key is in quotes, so that the key
  /// "node.id" is not mistaken for the option node.id.
  std::string name;
  /// The known section it is in, "" at the top.
  std::string section;
  position where;
  raw_value value;
};

/// The text is not TOML, or too large or nested too deeply to be read.
struct syntax_error {
  position where;
  std::string found;
  std::string expected;
};

using document = std::variant<std::vector<entry>, syntax_error>;

/// Reads untrusted text. It goes only into tables that `is_section` knows by
/// their dotted name; any other is one entry. Uses a bounded amount of stack:
/// nothing deeper than 256 keys and 8 values is read. Any thread.
document read_toml(std::string_view text,
                   const std::function<bool(std::string_view)>& is_section);

} // namespace iris::config
