#include "observability/trace.hpp"

#include "base/codec.hpp"

#include <algorithm>

namespace iris::observability {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

bool is_hex(std::string_view x) {
  return x.find_first_not_of(digits) == x.npos;
}

bool is_zero(std::string_view x) {
  return x.find_first_not_of('0') == x.npos;
}

/// The 32 digits inside a traceparent, or nothing if it isn't one.
std::string_view id_of_traceparent(std::string_view x) {
  // version "-" trace-id "-" parent-id "-" flags; a later version may append
  // more, after another dash (section 3.2.4).
  constexpr std::size_t size = 55;
  if (x.size() < size || x[2] != '-' || x[35] != '-' || x[52] != '-')
    return {};
  auto version = x.substr(0, 2);
  auto parent = x.substr(36, 16);
  if (!is_hex(version) || version == "ff" || !is_hex(parent) || is_zero(parent)
      || !is_hex(x.substr(53, 2)))
    return {};
  if (x.size() > size && (version == "00" || x[size] != '-'))
    return {};
  return x.substr(3, 32);
}

} // namespace

result<trace_id> trace_id::parse(std::string_view text) {
  auto hex = text.size() == 32 ? text : id_of_traceparent(text);
  if (hex.empty() || !is_hex(hex) || is_zero(hex))
    return error{errc::bad_field,
                 "expected a trace id of 32 lower-case hex digits, not all "
                 "zero, or a W3C traceparent"};
  trace_id id;
  for (std::size_t i = 0; i < id.octets.size(); ++i)
    id.octets[i] = static_cast<std::uint8_t>(digits.find(hex[2 * i]) << 4
                                             | digits.find(hex[2 * i + 1]));
  return id;
}

trace_id trace_id::make(random_source& random) {
  trace_id id;
  while (!id) {
    std::string bytes;
    encoder{bytes}.u64(random.next()).u64(random.next());
    std::copy(bytes.begin(), bytes.end(), id.octets.begin());
  }
  return id;
}

std::string trace_id::str() const {
  std::string out;
  for (auto x : octets) {
    out += digits[x >> 4];
    out += digits[x & 15];
  }
  return out;
}

} // namespace iris::observability
