#pragma once

#include "clients/cpp/client.hpp"
#include "tests/process/real_node.hpp"
#include "tests/sim/history.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <set>
#include <unordered_set>

namespace iris::process {

struct crowd_options {
  std::uint64_t seed = 1;
  /// Unanswered submissions that each device keeps under way.
  std::size_t window = 16;
  /// Whether members of groups go and come back.
  bool churn = true;
};

/// Some users with two devices each, the real client library on real sockets,
/// spread over all transports. Under load every answer is followed by the next
/// message, to a user or a group. A history notes what the devices saw.
///
/// What is random is seeded; when the machine lets things happen is not.
class crowd {
public:
  struct tally {
    std::size_t submitted = 0;
    std::size_t acknowledged = 0;
    std::size_t duplicate = 0; ///< of acknowledged: known to the node before
    std::size_t refused = 0;
    std::size_t delayed = 0;
    std::size_t no_room = 0;  ///< of delayed: the disk was full
    std::size_t received = 0; ///< inbox items
  };

  struct device {
    std::string label;
    user_id user;
    std::string transport;
    std::unique_ptr<client::client> connection;
    std::set<message_id> owed; ///< acknowledged, and not here yet
    std::unordered_set<message_id> seen;
    std::vector<error> losses; ///< why its connections ended
    bool witness = false;
    bool live = false;
    bool away = false;       ///< not connected, and not waited for
    std::size_t answers = 0; ///< to requests
  };

  crowd(const venue& to, const crowd_options& with);
  ~crowd();

  /// Everybody connects, and the groups are made. The witnesses of two users
  /// leave again: for them the node keeps these inboxes from the beginning,
  /// while it trims those of which all devices have everything.
  void begin();
  /// From now on there is load.
  void load();
  /// One message of each user to each, however much is under way; and in which
  /// conversation each is.
  std::map<message_id, conversation_id> write_to_all();
  /// No load any more; waits until all is answered and has arrived. False, and
  /// a problem, if that takes too long.
  bool settle();
  /// The witnesses come back and read all that was kept for them.
  bool call_witnesses();
  /// Waits until the node has read all that the clients wrote before.
  void fence();

  /// All devices of these users have to get this message, of somebody else's.
  void expect(const message_id& id, const std::vector<user_id>& users);

  bool run_until(const std::function<bool()>& done);
  /// Of those that are not away.
  bool everybody(const std::function<bool(const device&)>& is) const;

  /// What the clients saw and must not have, and what history says.
  std::vector<std::string> judge() const;

  /// How long messages took to be acknowledged: of those that were sent and
  /// acknowledged since this was asked.
  std::vector<std::chrono::nanoseconds> take_delays();

  /// What was sent and is not answered yet.
  std::vector<message_id> unanswered() const;
  bool answered(const std::vector<message_id>& all) const;
  bool answered(const message_id& id) const { return !audiences_.contains(id); }

  const tally& counts() const noexcept { return counts_; }
  std::vector<std::unique_ptr<device>>& devices() { return devices_; }
  const std::vector<user_id>& users() const { return users_; }
  boost::asio::io_context& io() noexcept { return io_; }

private:
  struct group {
    conversation_id id;
    device* owner;
    std::optional<user_id> absent;
  };

  void await_departures();
  device& add_device(const user_id& of, const std::string& name);
  void keep_busy(device& who);
  void act(device& who);
  void send_to_user(device& who);
  std::optional<message_id> send_to_user(device& who, const user_id& to);
  void send_to_group(device& who);
  void change_members(group& in);
  template <class To>
  std::optional<message_id> send(device& who, const To& to,
                                 const std::string& label,
                                 std::vector<user_id> audience);
  void note(device& who, client::event what);
  void problem(std::string what) { problems_.push_back(std::move(what)); }

  const venue& at_;
  const crowd_options options_;
  random_source random_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    busy_{io_.get_executor()};
  bool loading_ = false;
  std::vector<user_id> users_;
  std::vector<std::unique_ptr<device>> devices_;
  std::vector<group> groups_;
  /// Who has to get a message that is not answered yet.
  std::map<message_id, std::vector<user_id>> audiences_;
  std::map<message_id, std::chrono::nanoseconds> sent_at_;
  std::vector<std::chrono::nanoseconds> delays_;
  std::uint64_t next_body_ = 1;
  tally counts_;
  sim::history history_;
  std::vector<std::string> problems_;
};

} // namespace iris::process
