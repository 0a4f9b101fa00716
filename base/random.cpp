#include "base/random.hpp"

#include <random>

namespace iris {

std::uint64_t entropy() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

} // namespace iris
