#include "base/error.hpp"

namespace iris {

std::string_view to_string(errc code) noexcept {
  switch (code) {
#define IRIS_NAME(x)                                                           \
  case errc::x:                                                                \
    return #x;
    IRIS_NAME(none)
    IRIS_NAME(bad_frame)
    IRIS_NAME(frame_too_large)
    IRIS_NAME(bad_field)
    IRIS_NAME(unknown_type)
    IRIS_NAME(illegal_state)
    IRIS_NAME(version_unsupported)
    IRIS_NAME(timed_out)
    IRIS_NAME(window_exceeded)
    IRIS_NAME(unauthenticated)
    IRIS_NAME(token_invalid)
    IRIS_NAME(token_expired)
    IRIS_NAME(forbidden)
    IRIS_NAME(too_many_devices)
    IRIS_NAME(device_removed)
    IRIS_NAME(too_many_connections)
    IRIS_NAME(replaced)
    IRIS_NAME(id_reused)
    IRIS_NAME(id_too_old)
    IRIS_NAME(id_in_future)
    IRIS_NAME(out_of_order)
    IRIS_NAME(not_a_member)
    IRIS_NAME(body_too_large)
    IRIS_NAME(too_many_members)
    IRIS_NAME(not_found)
    IRIS_NAME(already_exists)
    IRIS_NAME(overloaded)
    IRIS_NAME(rate_limited)
    IRIS_NAME(not_leader)
    IRIS_NAME(unavailable)
    IRIS_NAME(storage_full)
    IRIS_NAME(draining)
    IRIS_NAME(deadline_exceeded)
    IRIS_NAME(internal)
    IRIS_NAME(io_failed)
    IRIS_NAME(corrupt)
    IRIS_NAME(store_foreign)
    IRIS_NAME(store_newer)
    IRIS_NAME(store_missing)
    IRIS_NAME(store_locked)
    IRIS_NAME(config_invalid)
    IRIS_NAME(usage)
    IRIS_NAME(no_connection)
#undef IRIS_NAME
  }
  return "unknown";
}

std::string to_string(const error& what) {
  std::string text{to_string(what.code)};
  text += " (" + std::to_string(static_cast<unsigned>(what.code)) + ")";
  if (!what.context.empty())
    text += ": " + what.context;
  return text;
}

} // namespace iris
