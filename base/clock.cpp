#include "base/clock.hpp"

namespace iris {

namespace {

class machine_clock final : public clock {
public:
  timestamp wall_now() const override {
    using namespace std::chrono;
    auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {duration_cast<milliseconds>(since_epoch).count()};
  }

  std::chrono::nanoseconds steady_now() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
};

} // namespace

const clock& system_clock() noexcept {
  static const machine_clock instance;
  return instance;
}

} // namespace iris
