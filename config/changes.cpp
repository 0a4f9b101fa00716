#include "config/changes.hpp"

namespace iris::config {

std::vector<change> changes(const settings& before, const settings& after) {
  std::vector<change> all;
  for (const auto& o : options()) {
    auto old = o.in.get(before);
    auto now = o.in.get(after);
    if (old != now)
      all.push_back({&o, print(o.type, old), print(o.type, now)});
  }
  return all;
}

settings reloaded(const settings& running, const settings& wanted) {
  auto next = running;
  for (const auto& o : options())
    if (o.changes == effect::reload)
      o.in.set(next, o.in.get(wanted));
  return next;
}

} // namespace iris::config
