#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace iris::security {

/// Parses untrusted text that must be one JSON object. Nothing if it isn't, or
/// if its top level names a member twice: two parsers may then disagree about
/// what it says (RFC 8725, section 2.4). Never throws on any text. The caller
/// limits the size.
std::optional<nlohmann::json> parse_object(std::string_view text);

/// A member that is a string; nullptr if it is missing or something else.
const std::string* string_member(const nlohmann::json& object,
                                 const char* name);

/// A member that is an integer from 0; nullptr if missing or something else.
const std::uint64_t* integer_member(const nlohmann::json& object,
                                    const char* name);

/// One line of JSON. What is not UTF-8 in a string is replaced, not thrown.
std::string to_text(const nlohmann::json& value);

} // namespace iris::security
