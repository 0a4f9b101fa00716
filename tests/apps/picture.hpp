#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace iris::test {

/// What a terminal of unlimited height and width would show after these bytes:
/// of the control sequences it knows those that chat_screen uses, and shows
/// any other as text. Rows at the end that are empty are left out.
inline std::vector<std::string> picture_of(const std::string& bytes) {
  std::vector<std::string> rows{""};
  std::size_t row = 0, column = 0; // column in bytes: texts only grow
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto rest = std::string_view{bytes}.substr(i);
    if (bytes[i] == '\r') {
      column = 0;
    } else if (bytes[i] == '\n') {
      if (++row == rows.size())
        rows.emplace_back();
      column = 0;
    } else if (rest.starts_with("\x1b[J")) {
      rows.resize(row + 1);
      rows[row].resize(std::min(column, rows[row].size()));
      i += 2;
    } else if (auto end = rest.find('A');
               rest.starts_with("\x1b[") && end != rest.npos && end < 6) {
      row -= std::stoul(std::string{rest.substr(2, end - 2)});
      i += end;
    } else {
      rows[row].resize(std::max(column, rows[row].size()), ' ');
      rows[row].replace(column, 1, 1, bytes[i]);
      ++column;
    }
  }
  while (rows.size() > 1 && rows.back().empty())
    rows.pop_back();
  return rows;
}

} // namespace iris::test
