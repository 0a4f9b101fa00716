#include "clients/cpp/endpoints.hpp"

#include "base/assert.hpp"
#include "clients/cpp/url.hpp"

#include <algorithm>

namespace iris::client {

namespace {

using strings = std::vector<std::string>;

bool contains(const strings& in, const std::string& x) {
  return std::find(in.begin(), in.end(), x) != in.end();
}

/// `x` begins with one that chance chooses.
void cut(strings& x, random_source& random) {
  auto first = static_cast<std::ptrdiff_t>(random.below(x.size()));
  std::rotate(x.begin(), x.begin() + first, x.end());
}

} // namespace

endpoints::endpoints(strings configured, random_source& random)
  : configured_(std::move(configured)), queue_(configured_) {
  IRIS_ASSERT(!queue_.empty());
  cut(queue_, random);
}

const std::string& endpoints::next() {
  std::rotate(queue_.begin(), queue_.begin() + 1, queue_.end());
  return queue_.back();
}

void endpoints::learn(const strings& told, random_source& random) {
  strings fresh;
  for (const auto& x : told)
    if (x != queue_.back() && !contains(fresh, x) && fits(x))
      fresh.push_back(x);
  if (fresh.empty())
    return;
  cut(fresh, random);
  std::erase_if(queue_, [&](const auto& x) { return contains(fresh, x); });
  queue_.insert(queue_.begin(), fresh.begin(), fresh.end());
  forget_beyond_limit();
}

bool endpoints::fits(std::string_view told) const {
  auto where = url::parse(told);
  if (!where)
    return false;
  auto same_scheme = false, secured = false;
  for (const auto& x : configured_)
    if (auto own = url::parse(x)) {
      secured = secured || own->secure;
      same_scheme =
        same_scheme
        || (own->secure == where->secure && own->websocket == where->websocket);
    }
  return same_scheme && (where->secure || !secured);
}

/// What was tried last goes first.
void endpoints::forget_beyond_limit() {
  std::size_t kept = 0;
  std::erase_if(queue_, [&](const auto& x) {
    return !contains(configured_, x) && ++kept > told_max;
  });
}

} // namespace iris::client
