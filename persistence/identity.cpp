#include "persistence/identity.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"
#include "base/hash.hpp"
#include "persistence/keys.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace iris::persistence {

namespace {

constexpr std::string_view title = "iris store\n";
constexpr std::string_view check_field = "check ";

std::string checksum(std::string_view text) {
  std::string bytes;
  encoder{bytes}.u64(hash64(text));
  return to_hex(bytes);
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
std::optional<T> to_number(std::string_view text, int base = 10) {
  T out = 0;
  auto [end, failed] =
    std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (failed != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return out;
}

template <class T>
std::optional<T> take_number(std::string_view& rest, std::string_view name) {
  auto text = take(rest, name);
  return text ? to_number<T>(*text) : std::nullopt;
}

/// "1 2 3"; a part that is no number is 0, which is nobody's.
std::vector<node_id> to_nodes(std::string_view text) {
  std::vector<node_id> out;
  while (!text.empty()) {
    auto end = std::min(text.find(' '), text.size());
    out.push_back({to_number<std::uint64_t>(text.substr(0, end)).value_or(0)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::uint32_t schema_of(const identity& in) {
  return in.store == 0 && in.founders.empty() ? 1 : schema_version;
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
  out += "schema " + std::to_string(schema_of(in)) + "\n";
  out += "cluster " + in.cluster + "\n";
  out += "node " + std::to_string(in.node.value) + "\n";
  out += "shards " + std::to_string(in.shards) + "\n";
  if (in.store != 0) {
    std::string bytes;
    encoder{bytes}.u64(in.store);
    out += "store " + to_hex(bytes) + "\n";
  }
  if (!in.founders.empty()) {
    out += "founders";
    for (auto x : in.founders)
      out += " " + std::to_string(x.value);
    out += "\n";
  }
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
  identity out{std::string{*cluster}, node_id{*node}, *shards};
  if (auto store = take(rest, "store"))
    out.store = to_number<std::uint64_t>(*store, 16).value_or(0);
  if (auto founders = take(rest, "founders"))
    out.founders = to_nodes(*founders);
  // There is one way to write it, so whatever was misread above differs.
  if (encode(out) != text)
    return damaged("the identity has other lines");
  return out;
}

std::string describe(const identity& in) {
  return "node " + std::to_string(in.node.value) + " of cluster '" + in.cluster
         + "' with " + std::to_string(in.shards) + " shards";
}

bool same_node(const identity& a, const identity& b) {
  return a.cluster == b.cluster && a.node == b.node && a.shards == b.shards;
}

} // namespace iris::persistence
