#pragma once

#include "tests/sim/cluster.hpp"
#include "tests/sim/crowd.hpp"
#include "tests/sim/decay.hpp"
#include "tests/sim/steward.hpp"
#include "tests/sim/trouble.hpp"

#include <set>
#include <string>

namespace iris::sim {

/// Makes things go wrong with the nodes of a cluster, between them and with
/// their clients, and ends it.
class mischief {
public:
  mischief(sim_cluster& with, crowd& of, steward& by, const profile& how,
           std::set<trouble> without, verdict& to);

  /// Something goes wrong.
  void strike();
  /// All that goes wrong ends, and all nodes start that don't run. Time passes.
  void end();
  /// All power fails, and is back at once; every node has to start, one of
  /// them seconds later.
  void crash_all(node_id late = {});
  /// Nobody hears one node nor it anybody, and for so long it is given no time.
  void cut_off(sim_node& who, std::chrono::milliseconds duration);
  /// Its wall clock goes back.
  void set_back(sim_node& who, std::chrono::milliseconds by);
  /// No node is given time.
  void stall_all(std::chrono::milliseconds duration);

private:
  void trouble_client(trouble what, crowd::participant& victim);
  void trouble_node(trouble what, sim_node& who);
  void trouble_all(trouble what);
  void break_disk(sim_node& who);
  void stall_disk(sim_node& who);
  void fill_disk(sim_node& who);
  void fill_up(sim_node& who);
  void set_clock(sim_node& who);
  void pause(sim_node& who);
  void end_node(sim_node& who);
  void tell_to_end(sim_node& who);
  void damage(sim_node& who);
  void swap_disk(sim_node& who);
  void back_up(sim_node& who);
  void mend();
  void restart(sim_node& who);
  void part_network();
  void change_weather();
  void count_disk_fault(sim_node& who);
  bool applies(trouble what) const;
  trouble choose();
  sim_node& any_node();
  void tell(const sim_node& who, const std::string& what);
  std::chrono::milliseconds up_to(std::uint64_t ms);
  random_source& random() { return with_.here.random(); }

  sim_cluster& with_;
  crowd& crowd_;
  steward& steward_;
  const profile& how_;
  const std::set<trouble> without_;
  verdict& verdict_;
  /// One disk at a time, so that a majority of three is whole.
  decay decay_;
  sim_node* damaged_ = nullptr;
  using files = std::map<std::string, std::string>;
  std::map<node_id, files> backups_;
  std::optional<files> own_; ///< of `damaged_`, which has another disk
  /// Nodes that start have to, and no disk fails.
  bool ended_ = false;
};

} // namespace iris::sim
