#include "persistence/identity.hpp"

#include "base/assert.hpp"
#include "base/hash.hpp"

#include <charconv>
#include <optional>

namespace iris::persistence {

namespace {

constexpr std::string_view title = "iris store\n";
constexpr std::string_view check_field = "check ";

std::string checksum(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto hash = hash64(text);
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(hash >> shift) & 15];
  return out;
}

/// Takes the line "<name> <value>" off the front of `rest`.
std::optional<std::string_view> take(std::string_view& rest,
                                     std::string_view name) {
  auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  if (end == std::string_view::npos || !line.starts_with(name)
      || !line.substr(name.size()).starts_with(' '))
    return std::nullopt;
  rest.remove_prefix(end + 1);
  return line.substr(name.size() + 1);
}

template <class T>
std::optional<T> take_number(std::string_view& rest, std::string_view name) {
  auto text = take(rest, name);
  T out = 0;
  if (!text)
    return std::nullopt;
  auto [end, failed] =
    std::from_chars(text->data(), text->data() + text->size(), out);
  if (failed != std::errc{} || end != text->data() + text->size())
    return std::nullopt;
  return out;
}

error damaged(const char* what) {
  return {errc::corrupt, std::string{what}
                           + ", expected the identity as it was written: "
                             "restore it from a backup"};
}

} // namespace

std::string encode(const identity& in) {
  IRIS_ASSERT(in.cluster.find('\n') == std::string::npos);
  std::string out{title};
  out += "schema " + std::to_string(in.schema) + "\n";
  out += "cluster " + in.cluster + "\n";
  out += "node " + std::to_string(in.node.value) + "\n";
  out += "shards " + std::to_string(in.shards) + "\n";
  out += std::string{check_field} + checksum(out) + "\n";
  return out;
}

result<identity> parse_identity(std::string_view text) {
  auto check = text.rfind(check_field);
  if (check == std::string_view::npos
      || text.substr(check)
           != std::string{check_field} + checksum(text.substr(0, check)) + "\n")
    return damaged("the identity doesn't match its checksum");
  auto rest = text.substr(0, check);
  if (!rest.starts_with(title))
    return damaged("the identity has another title");
  rest.remove_prefix(title.size());
  auto schema = take_number<std::uint32_t>(rest, "schema");
  // Later versions keep what was read up to here, and nothing else.
  if (schema && *schema > schema_version)
    return error{errc::store_newer,
                 "the store has schema " + std::to_string(*schema)
                   + ", expected at most " + std::to_string(schema_version)
                   + ": start the version of Iris that wrote it"};
  auto cluster = take(rest, "cluster");
  auto node = take_number<std::uint64_t>(rest, "node");
  auto shards = take_number<std::uint16_t>(rest, "shards");
  if (!schema || !cluster || !node || !shards)
    return damaged("the identity has other lines");
  identity out{std::string{*cluster}, node_id{*node}, *shards, *schema};
  if (out.schema != schema_version || encode(out) != text)
    return damaged("the identity has other lines");
  return out;
}

std::string describe(const identity& in) {
  return "node " + std::to_string(in.node.value) + " of cluster '" + in.cluster
         + "' with " + std::to_string(in.shards) + " shards";
}

} // namespace iris::persistence
