#pragma once

#include "observability/trace.hpp"

namespace iris::actors {

/// What a log line about a message carries. A client may call anything its
/// trace: what is none counts as no trace.
inline observability::message_context about_message(const message_id& id,
                                                    std::string_view trace) {
  auto found = observability::trace_id::parse(trace);
  return {id, found ? *found : observability::trace_id{}};
}

} // namespace iris::actors
