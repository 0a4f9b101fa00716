#include "apps/cli/table.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <ostream>

namespace iris::cli {

std::size_t columns_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](unsigned char c) {
      return (c & 0xc0) != 0x80; // not a continuation byte
    }));
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, as UTF-8: control characters too.
    auto high_control = c == 0xc2 && i + 1 < text.size()
                        && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (high_control)
      ++i;
    out += high_control || c < 0x20 || c == 0x7f ? '?' : text[i];
  }
  return out;
}

table::table(std::vector<std::string> heading) {
  rows_.push_back(std::move(heading));
}

void table::add(std::vector<std::string> row) {
  IRIS_ASSERT(row.size() <= rows_.front().size());
  for (auto& cell : row)
    cell = printable(cell);
  row.resize(rows_.front().size());
  rows_.push_back(std::move(row));
}

void table::print(std::ostream& to) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - columns_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    to << line << '\n';
  }
}

} // namespace iris::cli
