#include "actors/dead_letters.hpp"

namespace iris::actors {

bool dead_letters::failed(const persistence::actor_ref& who, command_key what,
                          time now) {
  auto& x = faults_[{who, what}];
  x = {now - x.last > remembered ? 1 : x.faults + 1, now};
  return x.faults == faults_max;
}

bool dead_letters::holds(const persistence::actor_ref& who, command_key what,
                         time now) const {
  if (faults_.empty())
    return false; // As it should be: this is asked of every command.
  auto i = faults_.find({who, what});
  return i != faults_.end() && i->second.faults >= faults_max
         && now - i->second.last <= held;
}

void dead_letters::forget(time now) {
  std::erase_if(
    faults_, [now](const auto& x) { return now - x.second.last > remembered; });
}

} // namespace iris::actors
