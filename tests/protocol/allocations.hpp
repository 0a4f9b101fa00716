#pragma once

#include <cstddef>

/// All that this program has ever allocated, in bytes.
std::size_t allocated_bytes() noexcept;

/// What of it has not been given back.
std::size_t live_bytes() noexcept;
