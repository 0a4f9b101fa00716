#include "protocol/codec.hpp"
#include "protocol/fields.hpp"
#include "protocol/reader.hpp"

namespace iris::protocol {

namespace {

using wire::node;

constexpr std::size_t quoted_bytes_max = 32;

/// A name of a type may be told as it is; whatever else came is not.
std::string quoted(std::string_view type) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz_";
  if (type.empty() || type.size() > quoted_bytes_max
      || type.find_first_not_of(alphabet) != std::string_view::npos)
    return "another string";
  return "\"" + std::string{type} + "\"";
}

error type_missing(const node* found) {
  return {errc::bad_field, "t: expected the type of the frame, found "
                             + (found ? describe(*found) : "nothing")};
}

error type_unknown(std::string_view sender, std::string_view type) {
  return {errc::unknown_type, "t: expected the type of a frame that a "
                                + std::string{sender} + " sends, found "
                                + quoted(type)};
}

/// Takes the fields into `out` if T is the type that `type` names.
template <class T, class Frame>
bool decode_as(std::string_view type, const node& map, Frame& out,
               error& failure) {
  static_assert(!wire::type_of<T>.empty(), "expected a name in fields.hpp");
  if (type != wire::type_of<T>)
    return false;
  wire::place here{nullptr, wire::type_of<T>};
  wire::reader in{map, here, failure};
  in.find("t");
  fields(in, out.template emplace<T>());
  in.finish();
  return true;
}

template <class... T>
result<std::variant<T...>>
decode_one_of(std::string_view bytes, std::string_view sender,
              std::type_identity<std::variant<T...>>) {
  auto& parsed = wire::scratch_tree();
  if (auto well = parsed.parse(bytes); !well)
    return well.failure();
  error failure;
  wire::place here;
  const auto& map = parsed.root();
  const auto* type = wire::reader{map, here, failure}.find("t");
  if (type == nullptr || type->what != node::type::string)
    return type_missing(type);
  std::variant<T...> out;
  if (!(decode_as<T>(type->text(), map, out, failure) || ...))
    return type_unknown(sender, type->text());
  if (failure)
    return failure;
  return out;
}

} // namespace

result<client_frame> decode_client(std::string_view bytes) {
  return decode_one_of(bytes, "client", std::type_identity<client_frame>{});
}

result<server_frame> decode_server(std::string_view bytes) {
  return decode_one_of(bytes, "node", std::type_identity<server_frame>{});
}

result<item> decode_item(std::string_view bytes) {
  auto& parsed = wire::scratch_tree();
  if (auto well = parsed.parse(bytes); !well)
    return well.failure();
  error failure;
  wire::place here{nullptr, "item"};
  wire::reader in{parsed.root(), here, failure};
  item out;
  fields(in, out);
  in.finish();
  if (failure)
    return failure;
  return out;
}

std::optional<timestamp> time_of_item(std::string_view bytes) {
  auto& parsed = wire::scratch_tree();
  if (!parsed.parse(bytes))
    return std::nullopt;
  error failure;
  wire::place here;
  const auto* at = wire::reader{parsed.root(), here, failure}.find("at");
  std::uint64_t ms = 0;
  if (at == nullptr || wire::integer{}.take(*at, ms).code != errc::none)
    return std::nullopt;
  return timestamp{static_cast<std::int64_t>(ms)};
}

namespace {

std::optional<message_id> id_in(wire::reader& map) {
  message_id id;
  const auto* found = map.find("id");
  if (found == nullptr || wire::uuid7{}.take(*found, id).code != errc::none)
    return std::nullopt;
  return id;
}

std::vector<message_id> ids_in(const node& sends) {
  std::vector<message_id> out;
  error failure;
  wire::place here;
  const auto* x = &sends + 1;
  for (std::size_t i = 0; i < sends.number; ++i, x = x->behind()) {
    if (x->what != node::type::map)
      continue;
    wire::reader map{*x, here, failure};
    if (auto id = id_in(map))
      out.push_back(*id);
  }
  return out;
}

} // namespace

reference reference_of(std::string_view bytes) {
  auto& parsed = wire::scratch_tree();
  if (!parsed.parse(bytes))
    return {};
  error failure;
  wire::place here;
  wire::reader map{parsed.root(), here, failure};
  reference out;
  out.id = id_in(map);
  std::uint64_t n = 0;
  if (const auto* found = map.find("n");
      found && wire::integer{}.take(*found, n).code == errc::none)
    out.n = n;
  if (const auto* sends = map.find("sends");
      sends && sends->what == node::type::array)
    out.batch = ids_in(*sends);
  return out;
}

} // namespace iris::protocol
