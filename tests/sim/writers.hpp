#pragma once

#include "tests/sim/cluster.hpp"
#include "tests/sim/history.hpp"
#include "tests/sim/sim_client.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace iris::sim {

/// Users at each node of a cluster, each with a conversation on every shard,
/// who write there and measure in virtual time how long the answers take. All
/// that they see is judged.
class writers {
public:
  using nanoseconds = world::nanoseconds;

  /// Whether a writer goes to another node when it loses its own.
  enum class knows { all_nodes, own_node };

  struct submission {
    std::size_t by = 0; ///< whose index this is
    shard_id shard;
    nanoseconds at{0};
    std::optional<nanoseconds> answered = {};
    /// Why it was put off, with the time.
    std::vector<std::pair<nanoseconds, errc>> refused = {};
  };

  /// The first `per_node` of them are at the first node, and so on.
  writers(sim_cluster& with, knows what, std::size_t per_node = 1);

  /// Each connects to its node. Time passes; fails the test if it takes more
  /// than a minute.
  void go_home();
  /// Whether the writer is known to a node.
  bool open(std::size_t by) const;

  /// The number of the submission, which waits for `flush`.
  std::size_t write(std::size_t by, shard_id shard);
  /// To every shard.
  void write_all(std::size_t by);
  void write_all();
  void flush();

  const std::vector<submission>& all() const noexcept { return submissions_; }
  /// By number.
  const std::set<std::size_t>& unanswered() const noexcept {
    return unanswered_;
  }
  std::size_t size() const noexcept { return writers_.size(); }
  /// How long the answers took to those that are written from then until then
  /// to these shards.
  std::vector<nanoseconds> took(nanoseconds from, nanoseconds until,
                                const std::set<shard_id>& shards) const;

  /// When nothing is unanswered: those who were written to come, each new to
  /// its inbox, and read it all. What is wrong then, a sentence each.
  std::vector<std::string> judge();

private:
  struct writer {
    std::string label;
    sim_node* home = nullptr;
    std::unique_ptr<sim_client> client;
    std::vector<user_id> friends; ///< by shard
  };

  user_id friend_of(const user_id& who, shard_id where) const;
  void add(sim_node& home, knows what, const user_id& who);
  std::unique_ptr<sim_client> client_of(const std::vector<sim_node*>& nodes,
                                        const user_id& who);
  void note(const std::string& who, client::event what);
  void answered(const protocol::sent& what);
  void refused(const message_id& id, const error& why);
  bool all_at_home();

  sim_cluster& with_;
  std::vector<writer> writers_;
  std::vector<submission> submissions_;
  std::map<message_id, std::size_t> numbers_;
  std::set<std::size_t> unanswered_;
  std::size_t next_body_ = 1;
  history history_;
  std::vector<std::string> problems_;
};

} // namespace iris::sim
