#include "config/settings.hpp"

#include "config/options.hpp"

#include <algorithm>
#include <thread>

namespace iris::config {

settings defaults() {
  settings x;
  for (const auto& o : options())
    o.in.set(x, fallback(o.type));
  return x;
}

std::filesystem::path signing_key_path(const settings& x) {
  return x.auth.key.empty() ? x.node.data_dir / "signing-key.json" : x.auth.key;
}

std::uint32_t thread_count(const settings& x) {
  // The system may not know its cores, and says 0 then.
  return x.node.threads != 0
           ? x.node.threads
           : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace iris::config
