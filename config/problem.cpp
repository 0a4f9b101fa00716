#include "config/problem.hpp"

namespace iris::config {

namespace {

constexpr std::size_t excerpt_bytes_max = 60;

// The longest beginning that splits no UTF-8 sequence.
std::string_view beginning(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes)
    return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80)
    --bytes;
  return text.substr(0, bytes);
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  auto code = static_cast<unsigned char>(c);
  switch (c) {
  case '"':
  case '\\':
    out += '\\';
    out += c;
    return;
  case '\n':
    out += "\\n";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    if (code >= 0x20 && code != 0x7f)
      out += c;
    else
      (out += "\\u00") += {hex[code >> 4], hex[code & 15]};
  }
}

} // namespace

std::string origin::str() const {
  if (line == 0)
    return source;
  return source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string to_string(const problem& x) {
  auto text = x.where.str() + ": ";
  if (!x.name.empty())
    text += x.name + ": ";
  text += "found " + x.found + ", expected " + x.expected;
  if (!x.nearest.empty())
    text += "; did you mean " + x.nearest + "?";
  return text;
}

std::string to_string(const std::vector<problem>& all) {
  std::string text;
  for (const auto& x : all)
    text += to_string(x) + "\n";
  return text;
}

std::string variable_name(std::string_view option) {
  std::string name{variable_prefix};
  for (char c : option) {
    auto lower = c >= 'a' && c <= 'z';
    name += c == '.' ? '_' : lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return name;
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text)
    append_escaped(out, c);
  return out + '"';
}

std::string excerpt(std::string_view text) {
  auto shown = beginning(text, excerpt_bytes_max);
  auto out = toml_string(shown);
  if (shown.size() < text.size())
    out.insert(out.size() - 1, "…");
  return out;
}

} // namespace iris::config
