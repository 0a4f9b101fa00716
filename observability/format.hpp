#pragma once

#include "observability/field.hpp"
#include "observability/trace.hpp"

#include <span>

namespace iris::observability {

enum class log_level : std::uint8_t { debug, info, warn, error, off };
enum class log_format : std::uint8_t { text, json };

std::string_view to_string(log_level x) noexcept;

/// A line before it is text.
struct log_line {
  timestamp time;
  log_level level = log_level::info;
  node_id node;
  std::string_view text;
  const message_context* about = nullptr; ///< the message, if there is one
  std::span<const field> fields;
};

/// As 2026-01-31T12:00:00.000Z.
std::string iso8601(timestamp x);

/// One line that ends in '\n' and holds no other: strings are escaped as in
/// JSON, and bytes that are not UTF-8 become U+FFFD.
///   text: 2026-01-31T12:00:00.000Z info node=1 "text" msg=… trace=… key=value
///   json: {"time":…,"level":…,"node":1,"text":…,"msg":…,"trace":…,"key":…}
/// In text, values that are not plain are quoted and pure ASCII, so that they
/// can neither forge a field nor steer a terminal.
std::string format(log_format as, const log_line& line);

} // namespace iris::observability
