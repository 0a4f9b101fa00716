#pragma once

#include "base/ids.hpp"

namespace iris::observability {

/// Names one causal chain across devices and nodes: the trace id of W3C Trace
/// Context, level 1, section 3.2.2.3. All zeros stands for "none".
struct trace_id {
  std::array<std::uint8_t, 16> octets{};

  auto operator<=>(const trace_id&) const = default;
  explicit operator bool() const noexcept { return *this != trace_id{}; }

  /// A bare id, "4bf92f3577b34da6a3ce929d0e0e4736", or a whole traceparent
  /// header, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", in
  /// lower case as the standard demands. Fails with bad_field.
  static result<trace_id> parse(std::string_view text);

  /// Never all zeros.
  static trace_id make(random_source& random);

  /// 32 hex digits.
  std::string str() const;
};

/// What every log line about a message carries.
struct message_context {
  message_id id;
  trace_id trace;
};

} // namespace iris::observability
