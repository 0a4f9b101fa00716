#pragma once

#include "tests/sim/caf_host.hpp"
#include "tests/sim/raw_client.hpp"

namespace iris::sim {

/// Options for a simulated node. A token is "token of <user>", for an hour.
actors::node_options sim_options(world& in);

inline user_id user(std::string_view text) {
  return *user_id::parse(text);
}

/// A world with one node that runs.
struct one_node {
  explicit one_node(
    std::uint64_t seed,
    const std::function<void(actors::node_options&)>& change =
      [](actors::node_options&) {},
    persistence::node_options store = {})
    : here(seed),
      node(here, caf.system, options(here, change), {.store = store}) {
    if (auto started = node.start(); !started)
      throw std::runtime_error(to_string(started.failure()));
  }

  message_id new_id() {
    return make_message_id(here.wall_now(), here.random());
  }

  static actors::node_options
  options(world& in, const std::function<void(actors::node_options&)>& change) {
    auto out = sim_options(in);
    change(out);
    return out;
  }

  caf_host caf;
  world here;
  sim_node node;
};

} // namespace iris::sim
