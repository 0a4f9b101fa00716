#pragma once

namespace iris::config {

/// Functions as one visitor.
template <class... Functions>
struct overload : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overload(Functions...) -> overload<Functions...>;

} // namespace iris::config
