#pragma once

#include "observability/metrics.hpp"

#include <string>

namespace iris::observability {

/// The content type of what `expose` gives.
inline constexpr std::string_view exposition_type =
  "text/plain; version=0.0.4; charset=utf-8";

/// All metrics in Prometheus' text format, in the order of their declaration;
/// a family without a series is left out. Any thread.
std::string expose(const metrics& all);

/// docs/metrics.md, from the same declarations.
std::string render_docs(const metrics& all);

} // namespace iris::observability
