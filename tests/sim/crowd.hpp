#pragma once

#include "tests/sim/history.hpp"
#include "tests/sim/sim_client.hpp"
#include "tests/sim/verdict.hpp"

#include <memory>
#include <string>
#include <vector>

namespace iris::sim {

/// Users with one or two devices who write to each other and to groups, and
/// note in a history what they see.
class crowd {
public:
  struct options {
    std::size_t users = 4;
    /// Who only listens: they fill the queues too.
    std::size_t guests = 0;
    /// How much a device says at a time.
    std::uint64_t burst_max = 5;
    /// Those that are always there: who knows one node only knows one of them.
    std::vector<sim_node*> steady = {};
  };

  /// A device.
  struct participant {
    std::string label;
    std::unique_ptr<sim_client> client;
  };

  crowd(world& in, std::vector<sim_node*> nodes, const options& with,
        verdict& to);

  void start();
  /// Somebody says or does something.
  void act();
  /// Everybody writes to everybody, except from one node.
  void all_to_all(const sim_node* but_at = nullptr);
  void send_to_user(participant& who);
  void send(participant& who, const user_id& to);
  /// About all that `about` has with others.
  void ask(participant& who, const user_id& about);
  /// How far somebody's conversations with others are.
  void look(participant& who);
  /// The app starts again at what it has saved, or at what the node knows.
  void start_again(participant& who);

  /// Whether every device is known to its node.
  bool all_there();
  /// What was said goes out now.
  void flush();

  /// All devices, those that talk first.
  std::vector<participant>& all() noexcept { return participants_; }
  std::size_t talkers() const noexcept { return talkers_; }
  const std::vector<user_id>& users() const noexcept { return users_; }
  const history& seen() const noexcept { return history_; }

  /// Nothing is wrong any more, and has not been for a while.
  void expect_quiet(bool yes) noexcept { quiet_ = yes; }

  /// What was seen so far, as if nothing more were to come.
  void judge();
  /// All devices of a user have got equally far.
  void judge_devices();
  void count_checks();

private:
  void add(const std::string& user, const std::string& device);
  std::vector<sim_node*> reachable();
  std::string body();
  void send_to_group(participant& who);
  void create_group(participant& who);
  void change_group(participant& who);
  void submitted(const participant& who, const message_id& id,
                 const std::string& where, const std::string& text);
  void note(const std::string& who, client::event what);
  void expect_patience(const std::string& who, const error& why);
  random_source& random() { return world_.random(); }

  world& world_;
  const std::vector<sim_node*> nodes_;
  const options options_;
  verdict& verdict_;
  history history_;
  std::vector<user_id> users_;
  std::vector<conversation_id> groups_;
  std::vector<participant> participants_;
  std::size_t talkers_ = 0;
  std::uint64_t next_body_ = 1;
  bool quiet_ = false;
};

} // namespace iris::sim
