#include "base/ids.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <cstring>

namespace iris {

namespace {

constexpr std::string_view name_alphabet =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@+";

constexpr bool hyphen_before(std::size_t octet) {
  return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

} // namespace

template <class Tag>
result<name<Tag>> name<Tag>::parse(std::string_view text) {
  if (text.empty() || text.size() > bytes_max
      || text.find_first_not_of(name_alphabet) != std::string_view::npos)
    return error{errc::bad_field,
                 "expected a name of 1 to 64 of A-Z a-z 0-9 . _ - @ +"};
  return name{text};
}

template class name<user_tag>;
template class name<device_tag>;

template <class Tag>
uuid<Tag> uuid<Tag>::from_bytes(std::string_view in) {
  uuid out;
  IRIS_ASSERT(in.size() == out.octets.size());
  std::memcpy(out.octets.data(), in.data(), in.size());
  return out;
}

template <class Tag>
result<uuid<Tag>> uuid<Tag>::parse(std::string_view text) {
  const error expected{errc::bad_field,
                       "expected a UUID of 36 characters, hexadecimal digits "
                       "in groups of 8-4-4-4-12"};
  if (text.size() != 36)
    return expected;
  uuid out;
  std::size_t at = 0;
  for (std::size_t i = 0; i < out.octets.size(); ++i) {
    if (hyphen_before(i) && text[at++] != '-')
      return expected;
    auto high = hex_value(text[at]);
    auto low = hex_value(text[at + 1]);
    if (high < 0 || low < 0)
      return expected;
    out.octets[i] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return out;
}

template <class Tag>
std::string uuid<Tag>::str() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < octets.size(); ++i) {
    if (hyphen_before(i))
      out.push_back('-');
    out.push_back(digits[octets[i] >> 4]);
    out.push_back(digits[octets[i] & 15]);
  }
  return out;
}

template struct uuid<message_tag>;
template struct uuid<conversation_tag>;

message_id make_message_id(timestamp now, random_source& random) {
  std::string bytes;
  encoder out{bytes};
  out.u64((static_cast<std::uint64_t>(now.ms) << 16) | 0x7000
          | (random.next() & 0x0fff));
  out.u64((random.next() >> 2) | (1ULL << 63));
  return message_id::from_bytes(bytes);
}

bool is_uuid7(const message_id& id) noexcept {
  return (id.octets[6] >> 4) == 7 && (id.octets[8] >> 6) == 2;
}

timestamp time_of(const message_id& id) noexcept {
  return {static_cast<std::int64_t>(decoder{id.bytes()}.u64() >> 16)};
}

conversation_id direct_conversation(const user_id& a, const user_id& b) {
  std::string key;
  encoder{key}
    .raw("iris:direct:")
    .bytes(std::min(a, b).str())
    .bytes(std::max(a, b).str());
  return {digest128(key)};
}

conversation_id group_conversation(const user_id& creator,
                                   const message_id& id) {
  std::string key;
  encoder{key}.raw("iris:group:").bytes(creator.str()).raw(id.bytes());
  return {digest128(key)};
}

} // namespace iris
