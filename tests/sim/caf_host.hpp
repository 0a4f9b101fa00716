#pragma once

#include "supervision/caf.hpp"

namespace iris::sim {

/// CAF's system: nothing runs in it but what a world runs. It must not outlive
/// main: its destructor needs the thread's local data.
struct caf_host {
  caf_host()
    : system((config.set("scheduler.max-threads", size_t{1}), config)) {}

  caf::actor_system_config config;
  caf::actor_system system;
};

} // namespace iris::sim
