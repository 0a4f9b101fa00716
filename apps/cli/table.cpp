#include "apps/cli/table.hpp"

#include "base/assert.hpp"
#include "protocol/utf8.hpp"

#include <algorithm>
#include <ostream>

namespace iris::cli {

namespace {

/// Of one character in UTF-8, whose bytes have the order of the characters.
bool is_control(std::string_view x) {
  struct range {
    std::string_view first, last;
  };
  constexpr range controls[] = {
    {"\x01", "\x1f"},
    {"\x7f", "\xc2\x9f"}, // to U+009F
    // What changes the direction of text, and the separators of lines:
    {"\xd8\x9c", "\xd8\x9c"},         // U+061C
    {"\xe2\x80\x8e", "\xe2\x80\x8f"}, // U+200E to U+200F
    {"\xe2\x80\xa8", "\xe2\x80\xae"}, // U+2028 to U+202E
    {"\xe2\x81\xa6", "\xe2\x81\xa9"}, // U+2066 to U+2069
  };
  auto within = [x](const range& y) { return y.first <= x && x <= y.last; };
  return x[0] == 0
         || std::any_of(std::begin(controls), std::end(controls), within);
}

} // namespace

std::size_t columns_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(
    std::count_if(text.begin(), text.end(), [](unsigned char c) {
      return (c & 0xc0) != 0x80; // not a continuation byte
    }));
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto bytes = protocol::character_bytes(text);
    auto one = text.substr(0, std::max<std::size_t>(bytes, 1));
    // What is no character takes a terminal who knows how many columns.
    if (bytes == 0 || is_control(one))
      out += '?';
    else
      out += one;
    text.remove_prefix(one.size());
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
