#pragma once

#include <string_view>

namespace iris::protocol {

/// Whether `bytes` are UTF-8 as RFC 3629 defines it: no overlong forms, no
/// surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes) noexcept;

/// Length of the character that `bytes` begin with, 0 if that is none.
/// Precondition: there are any.
std::size_t character_bytes(std::string_view bytes) noexcept;

} // namespace iris::protocol
