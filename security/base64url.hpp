#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iris::security {

/// Base64 with the URL alphabet and without padding (RFC 4648, section 5).
std::string to_base64url(std::string_view bytes);

/// The one spelling `to_base64url` gives is accepted and no other: no padding,
/// no blanks, and the unused bits of the last character are zero. So two
/// different texts never mean the same bytes.
std::optional<std::string> from_base64url(std::string_view text);

} // namespace iris::security
