#pragma once

#include <string_view>

namespace iris::config {

/// Whether `text` is well-formed UTF-8 (Unicode 15, table 3-7: neither
/// overlong forms nor surrogates).
bool is_utf8(std::string_view text) noexcept;

} // namespace iris::config
