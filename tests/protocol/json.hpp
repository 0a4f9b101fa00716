#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

/// MessagePack as JSON for people, and back, by a library that the codec does
/// not use. What MessagePack calls bin is {"bin": "<hexadecimal digits>"}.
namespace iris::vectors {

using json = nlohmann::ordered_json;

std::string to_hex(std::string_view bytes);
/// Throws std::invalid_argument for other characters than hexadecimal digits.
std::string from_hex(std::string_view digits);

/// The shortest encoding, keys in the order of `value`.
std::string to_msgpack(const json& value);
/// Throws nlohmann::json::exception.
json from_msgpack(std::string_view bytes);

/// Throws std::runtime_error, or nlohmann::json::exception.
json read_json(const std::string& file);

} // namespace iris::vectors
