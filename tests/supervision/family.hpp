#pragma once

#include "supervision/supervisor.hpp"
#include "tests/supervision/queue_unit.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace iris::supervision::test {

using lines = std::vector<std::string>;

// What a child can be told.
struct fail {};   ///< end with an error
struct finish {}; ///< end without one
struct cling {};  ///< take no notice of a polite request to end
struct mute {};   ///< answer no read_tree any more

/// A supervisor of some children that write down when they start (+a) and end
/// (-a), as it does itself when it ends ("end", or "failed").
class family {
public:
  explicit family(supervisor_options with = {}, lines names = {"a", "b", "c"});
  ~family();

  /// The child `name`, for other specs.
  child_spec spec(const std::string& name);

  void begin();

  template <class Message>
  void tell(const std::string& name, Message what) {
    caf::anon_send(children.at(name), what);
    home->run();
  }

  void shut_down_all();

  /// What was written since the last call.
  lines take();

  /// The answer to read_tree, if there is one within `patience`.
  std::optional<tree_node> tree(std::chrono::nanoseconds patience = {});

private:
  caf::actor_system_config config_;

public:
  std::optional<caf::actor_system> system;
  std::optional<queue_unit> home;
  supervisor_options options;
  std::vector<child_spec> specs;
  supervisor_actor top;
  std::map<std::string, caf::actor> children;
  lines log;
};

} // namespace iris::supervision::test

IRIS_LOCAL_MESSAGE(iris::supervision::test::fail)
IRIS_LOCAL_MESSAGE(iris::supervision::test::finish)
IRIS_LOCAL_MESSAGE(iris::supervision::test::cling)
IRIS_LOCAL_MESSAGE(iris::supervision::test::mute)
