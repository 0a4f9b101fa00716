#include "apps/bench/progress.hpp"

namespace iris::bench {

void progress::begin(teller tell, std::chrono::milliseconds every,
                     time_point now) {
  tell_ = std::move(tell);
  every_ = every;
  began_ = now;
  due_ = now + every;
}

void progress::look(time_point now) {
  if (now < due_)
    return;
  due_ = now + every_;
  if (doing_)
    tell_(std::chrono::duration_cast<std::chrono::seconds>(now - began_),
          doing_());
}

} // namespace iris::bench
