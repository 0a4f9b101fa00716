#include "apps/cli/rows.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

/// A terminal that tells no width, or next to none.
constexpr std::size_t columns_min = 20;

/// Never less than the terminal takes: from U+1000 on there are characters of
/// two columns.
std::size_t width_of(char c) {
  auto byte = static_cast<unsigned char>(c);
  return (byte & 0xc0) == 0x80 ? 0 : byte < 0xe1 ? 1 : 2;
}

} // namespace

std::size_t usable(std::size_t columns) noexcept {
  return std::max(columns, columns_min) - 1;
}

std::string front_of(std::string_view text, std::size_t columns) {
  std::size_t width = 0, end = 0;
  while (end < text.size() && (width += width_of(text[end])) <= columns)
    ++end;
  return std::string{text.substr(0, end)};
}

std::string end_of(std::string_view text, std::size_t columns) {
  std::size_t width = 0, begin = text.size();
  for (auto i = text.size(); i-- > 0;) {
    width += width_of(text[i]);
    if (width > columns)
      break;
    if (width_of(text[i]) > 0)
      begin = i;
  }
  return std::string{text.substr(begin)};
}

std::string wrapped(std::string_view text, std::size_t columns) {
  std::string out;
  std::size_t width = 0;
  for (auto c : text) {
    if (c != '\n' && width + width_of(c) > columns) {
      out.append("\n").append(indent);
      width = indent.size();
    }
    out += c;
    width = c == '\n' ? 0 : width + width_of(c);
  }
  return out;
}

} // namespace iris::cli
