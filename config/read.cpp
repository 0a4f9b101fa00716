#include "config/option.hpp"

#include "config/overload.hpp"
#include "config/units.hpp"
#include "config/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace iris::config {

namespace {

const std::string* as_string(const raw_value& raw) {
  return std::get_if<std::string>(&raw.content);
}

template <class Number, class Range>
bool within(const Number& x, const Range& range) {
  auto special = !range.zero.empty() && x == Number{};
  return special || (x >= range.least && x <= range.most);
}

// One overload per type: the value of a fitting `raw`, or nothing.

std::optional<value> convert(const flag&, const raw_value& raw) {
  auto x = std::get_if<bool>(&raw.content);
  return x ? std::optional<value>{*x} : std::nullopt;
}

std::optional<value> convert(const integer& type, const raw_value& raw) {
  auto x = std::get_if<std::int64_t>(&raw.content);
  if (x == nullptr || *x < 0)
    return std::nullopt;
  auto count = static_cast<std::uint64_t>(*x);
  return within(count, type) ? std::optional<value>{count} : std::nullopt;
}

std::optional<value> convert(const duration& type, const raw_value& raw) {
  auto text = as_string(raw);
  auto x = text ? parse_duration(*text) : std::nullopt;
  return x && within(*x, type) ? std::optional<value>{*x} : std::nullopt;
}

std::optional<value> convert(const size& type, const raw_value& raw) {
  auto text = as_string(raw);
  auto x = text ? parse_size(*text) : std::nullopt;
  auto fits = x && *x >= type.least && *x <= type.most;
  return fits ? std::optional<value>{*x} : std::nullopt;
}

std::optional<value> convert(const text& type, const raw_value& raw) {
  auto x = as_string(raw);
  return x && type.fits(*x) ? std::optional<value>{*x} : std::nullopt;
}

std::optional<value> convert(const path& type, const raw_value& raw) {
  auto x = as_string(raw);
  auto fits = x && (!x->empty() || !type.empty.empty())
              && x->find('\0') == x->npos && is_utf8(*x);
  return fits ? std::optional<value>{*x} : std::nullopt;
}

std::optional<value> convert(const address&, const raw_value& raw) {
  auto text = as_string(raw);
  auto x = text ? endpoint::parse(*text) : std::nullopt;
  return x ? std::optional<value>{*x} : std::nullopt;
}

std::optional<value> convert(const choice& type, const raw_value& raw) {
  auto x = as_string(raw);
  if (x == nullptr)
    return std::nullopt;
  auto i = std::find(type.names.begin(), type.names.end(), *x);
  if (i == type.names.end())
    return std::nullopt;
  return static_cast<std::uint64_t>(i - type.names.begin());
}

reading read_list(const list& type, const raw_value& raw) {
  auto elements = std::get_if<std::vector<raw_value>>(&raw.content);
  if (elements == nullptr || elements->size() < type.least
      || elements->size() > type.most)
    return &raw;
  std::vector<std::string> strings;
  for (const auto& element : *elements) {
    auto x = as_string(element);
    if (x == nullptr || !type.fits(*x))
      return &element;
    strings.push_back(*x);
  }
  return value{std::move(strings)};
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

std::vector<raw_value> split(std::string_view text) {
  std::vector<raw_value> parts;
  while (!text.empty()) {
    auto part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    parts.push_back({std::string{trimmed(part)}, {}});
  }
  return parts;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t x = 0;
  auto end = text.data() + text.size();
  auto [stop, failure] = std::from_chars(text.data(), end, x);
  if (text.empty() || failure != std::errc{} || stop != end)
    return std::nullopt;
  return x;
}

} // namespace

reading read(const option_type& type, const raw_value& raw) {
  return std::visit(overload{
                      [&](const list& t) { return read_list(t, raw); },
                      [&](const auto& t) -> reading {
                        auto x = convert(t, raw);
                        if (!x)
                          return &raw;
                        return *std::move(x);
                      },
                    },
                    type);
}

raw_value from_variable(const option_type& type, std::string_view text) {
  if (std::holds_alternative<list>(type))
    return {split(text), {}};
  if (std::holds_alternative<flag>(type) && (text == "true" || text == "false"))
    return {text == "true", {}};
  if (std::holds_alternative<integer>(type))
    if (auto x = whole_number(text))
      return {*x, {}};
  return {std::string{text}, {}};
}

} // namespace iris::config
