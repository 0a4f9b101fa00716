#include "tests/sim/shrink.hpp"

#include <utility>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// What might do with less, the greatest steps first.
std::vector<chaos_options> smaller(const chaos_options& than) {
  std::vector<chaos_options> out;
  auto add = [&](auto change) {
    out.push_back(than);
    change(out.back());
  };
  if (than.nodes > 1)
    add([](auto& x) { x.nodes = 1; });
  if (than.nodes > 3)
    add([](auto& x) { x.nodes = 3; });
  if (than.storm > 1s)
    add([](auto& x) { x.storm /= 2; });
  if (than.storm > 1s)
    add([](auto& x) { x.storm -= 1s; });
  if (than.users > 2)
    add([](auto& x) { --x.users; });
  for (std::size_t i = 0; i < troubles; ++i)
    if (auto kind = static_cast<trouble>(i); !than.without.contains(kind))
      add([&](auto& x) { x.without.insert(kind); });
  return out;
}

} // namespace

std::string arguments_of(const chaos_options& what) {
  const chaos_options usual;
  auto out = "--seeds " + std::to_string(what.seed);
  if (what.nodes != usual.nodes)
    out += " --nodes " + std::to_string(what.nodes);
  if (what.users != usual.users)
    out += " --users " + std::to_string(what.users);
  if (what.storm != usual.storm)
    out += " --storm " + std::to_string(what.storm.count());
  auto separator = " --without ";
  for (auto x : what.without)
    out += std::exchange(separator, ",") + std::string{to_string(x)};
  return out;
}

chaos_options shrink(chaos_options from,
                     const std::function<bool(const chaos_options&)>& fails) {
  for (auto found = true; found;) {
    found = false;
    for (auto& x : smaller(from))
      if (fails(x)) {
        from = std::move(x);
        found = true;
        break;
      }
  }
  return from;
}

} // namespace iris::sim
