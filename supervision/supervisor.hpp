#pragma once

#include "base/clock.hpp"
#include "supervision/tree.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace iris::supervision {

/// Who is restarted when one child fails (after OTP's supervisor behaviour).
enum class strategy : std::uint8_t {
  one_for_one,  ///< that child
  one_for_all,  ///< all children
  rest_for_one, ///< that child and those started after it
};

/// What is done when a child ends.
enum class restart : std::uint8_t {
  permanent, ///< always started again
  transient, ///< started again after a fault
  temporary, ///< never started again
};

struct child_spec {
  std::string name;
  std::string type;
  /// Runs on the supervisor's unit, at the start and at each restart.
  std::function<caf::actor()> start;
  restart when = restart::permanent;
  /// How long it may take to end before it is killed.
  std::chrono::milliseconds shutdown = std::chrono::seconds{5};
  /// Whether it answers read_tree; otherwise its line has no details.
  bool inspectable = false;
};

struct supervisor_options {
  std::string name;
  strategy how = strategy::one_for_one;
  /// More than this many restarts within the period, and the supervisor
  /// itself fails: its own supervisor knows better.
  std::size_t restarts_max = 5;
  std::chrono::milliseconds period = std::chrono::seconds{30};
};

/// Asks a supervisor to end its children, the last started first, and then
/// itself.
struct shut_down {};

/// Starts one more child, behind the others, unless there is one of this name;
/// if that is being ended by `end_child`, it is started again behind its end.
struct add_child {
  child_spec what;
};

/// Ends the child of this name and forgets it.
struct end_child {
  std::string name;
};

using supervisor_actor =
  caf::typed_actor<caf::replies_to<read_tree>::with<tree_node>,
                   caf::reacts_to<add_child>, caf::reacts_to<end_child>,
                   caf::reacts_to<shut_down>>;

/// Starts its children in order, restarts them by its strategy, and ends them
/// in reverse order. Everything happens on its unit.
///
/// Invariants:
/// 1. A child is started only when those that must end first have ended.
/// 2. It ends after its children, so that those of the next begin behind them.
class supervisor : public bounded<supervisor_actor::base> {
public:
  supervisor(caf::actor_config& config, supervisor_options options,
             std::vector<child_spec> children, const iris::clock& time);

  behavior_type make_behavior() override;
  const char* name() const override { return "supervisor"; }

protected:
  void bounce(caf::mailbox_element&) override {}
  bool control(const caf::type_erased_tuple&) const noexcept override {
    return true; // few, and never to be refused
  }
  void on_exit() override;

private:
  /// `leaving`: ended by its name, whatever the others do.
  enum class phase : std::uint8_t { stopped, running, stopping, leaving };

  struct child {
    child_spec spec;
    caf::actor handle;
    phase now = phase::stopped;
    std::uint64_t restarts = 0;
    std::string last_fault;
    bool gone = false;  ///< will not be started again
    bool again = false; ///< added again while it was leaving
  };

  void start_all();
  void start(child& which);
  void add(child_spec& what);
  void end_one(const std::string& name);
  void left(std::size_t index);
  std::vector<child>::iterator find(const std::string& name);
  void on_down(const caf::down_msg& what);
  bool may_restart();
  void stop_from(std::size_t first);
  void stop_next();
  void end(caf::error why = {});
  void stop(child& which);
  caf::result<tree_node> describe();

  const supervisor_options options_;
  std::vector<child> children_;
  const iris::clock& time_;
  std::deque<std::chrono::nanoseconds> restarts_;
  /// Children from here on are being ended, before they are started again.
  std::size_t stop_first_ = 0;
  bool restarting_ = false;
  bool ending_ = false;
  caf::error failed_; ///< why it ends, if not because it was told to
};

} // namespace iris::supervision

IRIS_LOCAL_MESSAGE(iris::supervision::add_child)
IRIS_LOCAL_MESSAGE(iris::supervision::end_child)
IRIS_LOCAL_MESSAGE(iris::supervision::shut_down)
