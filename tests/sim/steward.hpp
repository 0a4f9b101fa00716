#pragma once

#include "tests/sim/cluster.hpp"
#include "tests/sim/verdict.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace iris::sim {

/// Who operates a cluster: nodes join, drain and go as docs/operating says, and
/// shards are moved by hand. It asks any node, again until it has an answer.
class steward {
public:
  steward(sim_cluster& with, const profile& how, verdict& to);

  /// Nodes that are there from the start on and never go.
  const std::vector<sim_node*>& steady() const noexcept { return steady_; }

  /// Whether nodes are about to join, or may yet.
  bool expects_others() const noexcept {
    return !spares_.empty() || !steps_.empty();
  }

  /// A node that is to grow begins to.
  void begin();
  /// Something is to change, if there is something that can.
  void act();
  /// What was begun has to come to its end, and all groups to where they are
  /// wanted, led by whom is wanted to. Time passes. Precondition: all run.
  void settle();

private:
  struct step {
    std::string text;
    /// Asked again until it is true.
    std::function<bool()> done;
  };
  struct question {
    std::string text;
    std::string event; ///< that has happened when it is answered
    actors::control_change what;
  };
  using answer_ptr = std::shared_ptr<std::optional<error>>;

  void tick_later();
  void add_next();
  void remove(sim_node& who);
  void remove_any();
  void drain_for_a_while();
  void move_by_hand();
  void transfer_by_hand();

  void start(sim_node& who);
  void rest();
  void ask(question what);
  void switch_off(sim_node& who);
  void come_back(sim_node& who);
  step asking(question what, bool insists);
  answer_ptr send(const question& what);

  /// What is not as it is wanted; empty: nothing.
  std::string missing();
  bool led_as_wanted(shard_id id, const cluster::placement& where);
  sim_node* any_running();
  random_source& random() { return with_.here.random(); }

  sim_cluster& with_;
  const profile& how_;
  verdict& verdict_;
  std::vector<sim_node*> steady_;
  std::vector<sim_node*> spares_; ///< that never ran, the next one last
  sim_node* survivor_ = nullptr;  ///< of a cluster that shrinks
  std::set<node_id> leaving_;     ///< or gone
  std::deque<step> steps_;        ///< one after the other
  std::vector<step> by_hand_;     ///< besides, all at once
};

} // namespace iris::sim
