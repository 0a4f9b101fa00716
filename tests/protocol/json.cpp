#include "tests/protocol/json.hpp"

#include <fstream>
#include <stdexcept>

namespace iris::vectors {

namespace {

int digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  throw std::invalid_argument("expected hexadecimal digits, 0-9 a-f");
}

bool is_bin(const json& value) {
  return value.is_object() && value.size() == 1 && value.contains("bin");
}

json with_binary(const json& value) {
  if (is_bin(value)) {
    auto bytes = from_hex(value["bin"].get<std::string>());
    return json::binary({bytes.begin(), bytes.end()});
  }
  auto out = value;
  if (out.is_structured())
    for (auto& x : out)
      x = with_binary(x);
  return out;
}

json with_hex(const json& value) {
  if (value.is_binary()) {
    const auto& bytes = value.get_binary();
    return {{"bin", to_hex({reinterpret_cast<const char*>(bytes.data()),
                            bytes.size()})}};
  }
  auto out = value;
  if (out.is_structured())
    for (auto& x : out)
      x = with_hex(x);
  return out;
}

} // namespace

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (auto c : bytes) {
    auto x = static_cast<unsigned char>(c);
    out.push_back(digits[x >> 4]);
    out.push_back(digits[x & 15]);
  }
  return out;
}

std::string from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0)
    throw std::invalid_argument("expected an even number of digits");
  std::string out;
  out.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2)
    out.push_back(
      static_cast<char>(digit(digits[i]) * 16 + digit(digits[i + 1])));
  return out;
}

std::string to_msgpack(const json& value) {
  auto bytes = json::to_msgpack(with_binary(value));
  return {bytes.begin(), bytes.end()};
}

json from_msgpack(std::string_view bytes) {
  return with_hex(json::from_msgpack(bytes));
}

json read_json(const std::string& file) {
  std::ifstream in{file};
  if (!in)
    throw std::runtime_error("expected a file to read: " + file);
  return json::parse(in);
}

} // namespace iris::vectors
