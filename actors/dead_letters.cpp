#include "actors/dead_letters.hpp"

namespace iris::actors {

namespace {

dead_letters::time held(command_key what) {
  return what == no_command ? dead_letters::actor_held
                            : dead_letters::letter_held;
}

} // namespace

bool dead_letters::failed(const persistence::actor_ref& who, command_key what,
                          time now) {
  auto& x = faults_[{who, what}];
  x = {now - x.last > held(what) ? 1 : x.faults + 1, now};
  return x.faults == faults_max;
}

bool dead_letters::holds(const persistence::actor_ref& who, command_key what,
                         time now) const {
  auto i = faults_.find({who, what});
  return i != faults_.end() && i->second.faults >= faults_max
         && now - i->second.last <= held(what);
}

void dead_letters::forget(time now) {
  std::erase_if(faults_, [now](const auto& x) {
    return now - x.second.last > held(x.first.second);
  });
}

} // namespace iris::actors
