#pragma once

#include "tests/process/real_node.hpp"
#include "tests/process/tcp_proxy.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <vector>

namespace iris::process {

/// Some nodes found a cluster, three most often, and others may join it. Each
/// is a program with a store of its own. They
/// share the key of their tokens and the certificate for clients, and reach
/// each other by wires that can be cut.
class real_cluster final : public venue {
public:
  static constexpr std::size_t size = 3;
  static constexpr int shards = 8;

  /// `more`: as in node_setup, for each.
  explicit real_cluster(std::size_t founders = size, std::size_t joiners = 0,
                        const std::string& more = {});

  /// Of those that found it and those that may join.
  std::size_t count() const { return nodes_.size(); }
  std::size_t founders() const { return founders_; }
  real_node& operator[](std::size_t i) { return *nodes_[i]; }
  const real_node& operator[](std::size_t i) const { return *nodes_[i]; }

  /// Where the others reach the links of that node.
  std::string address(std::size_t i) const {
    return "127.0.0.1:" + std::to_string(ports_[i].number());
  }

  /// One after the other.
  void start(const std::vector<std::size_t>& order = {0, 1, 2});
  /// Waits until each of those that run knows a leader of every shard.
  void await_ready() const;
  /// Until it holds, with a safety net.
  void await(const std::string& what, const std::function<bool()>& done) const;

  /// Where what is said in it is put in order.
  static shard_id home_of(const conversation_id& what);
  /// Without the control group.
  std::set<shard_id> shards_led_by(std::size_t i) const;
  /// How many these are.
  int led_by(std::size_t i) const;
  /// Of those that run, the one that leads most.
  std::size_t busiest() const;

  /// The node gets another authority of the same name, and a certificate by it.
  void make_stranger(std::size_t i);

  /// Cuts the node from the others, in both directions; and mends that.
  void isolate(std::size_t i);
  void rejoin(std::size_t i);

  /// Clients are given the founders'.
  std::vector<std::string> urls(const std::string& transport) const override;
  std::shared_ptr<const client::tls_context> trust() const override;
  std::string token(const user_id& whom) const override;
  double connections() const override;

private:
  std::string section(std::size_t i) const;
  std::filesystem::path authority_of(std::size_t i) const;
  tcp_proxy& wire(std::size_t from, std::size_t to) {
    return *wires_[from * founders_ + to];
  }

  bench::scratch_directory scratch_;
  const std::size_t founders_;
  std::deque<bench::reserved_port> ports_;
  std::vector<std::unique_ptr<tcp_proxy>> wires_; ///< of founders, from × to
  std::vector<std::unique_ptr<real_node>> nodes_;
};

} // namespace iris::process
