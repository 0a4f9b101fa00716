#pragma once

#include <stdexcept>

namespace iris {

/// A broken invariant: a fault of Iris itself, never of its input.
class invariant_broken : public std::logic_error {
  using std::logic_error::logic_error;
};

} // namespace iris

#define IRIS_STRINGIFY_(x) #x
#define IRIS_STRINGIFY(x) IRIS_STRINGIFY_(x)

/// Checks an invariant, also in release builds. The exception ends the actor
/// that broke it, and its supervisor takes over.
#define IRIS_ASSERT(condition)                                                 \
  do {                                                                         \
    if (!(condition)) [[unlikely]]                                             \
      throw ::iris::invariant_broken(                                          \
        __FILE__ ":" IRIS_STRINGIFY(__LINE__) ": expected " #condition);       \
  } while (false)
