#pragma once

#include "actors/control_machine.hpp"
#include "actors/conversation_machine.hpp"
#include "actors/tail.hpp"
#include "actors/user_machine.hpp"
#include "base/ids.hpp"
#include "cluster/shard.hpp"
#include "protocol/frames.hpp"
#include "supervision/tree.hpp"

#include <chrono>
#include <memory>
#include <variant>
#include <vector>

/// Every actor's messages: read this first. All are asynchronous. Commands go
/// to the shard actor of the actor they are for, which passes them on; answers
/// go to the connection that asked, with the tag that it chose.
namespace iris::actors {

// -- what a connection is told ------------------------------------------------

/// The transport read these, and reads no more until the connection resumes it.
struct inbound {
  std::vector<std::variant<protocol::client_frame, protocol::failed>> frames;
};

/// All that the transport was given is on its way.
struct output_drained {};

/// The other side closed, or the transport failed.
struct disconnected {};

/// The node stops: say goodbye once all is answered. `nodes`: URLs of others,
/// null for none.
struct drain {
  std::shared_ptr<const std::vector<std::string>> nodes = {};
};

/// Answers one `submit`, in its order.
struct submitted {
  std::uint64_t tag = 0;
  std::vector<std::variant<protocol::sent, protocol::failed>> answers;
};

/// The device may read; or the error says why not.
struct attached {
  error refused;
  inbox_offset cursor;
  inbox_offset floor;
  inbox_offset head;
  std::uint64_t rank = 0; ///< see seniority
};

/// Answers one `read_inbox`: entries first, first + 1, … all committed. None,
/// if there is nothing behind `after`, or all of it was removed; then first is
/// behind the head.
struct inbox_page {
  std::uint64_t sync = 0; ///< as asked
  inbox_offset first;
  std::vector<item_bytes> items;
  inbox_offset head;
};

/// Answers a request with its frame, ready but for `n`.
struct answered {
  std::uint64_t tag = 0;
  std::variant<protocol::history_page, protocol::conversation_list,
               protocol::members, protocol::device_list, protocol::user_status,
               protocol::done, protocol::failed>
    answer;
  /// The items of a history page, encoded.
  std::vector<item_bytes> items;
};

/// The connection has to go: its device was removed or connected elsewhere.
struct cut_off {
  error why;
};

/// Who kept the inbox has ended, or can't be reached: open it again. What is
/// being waited for of it does not come.
struct detached {};

/// No answer comes to this command: whether it is carried out nobody can tell.
/// Submissions and requests may be sent again.
struct lost {
  std::uint64_t tag = 0;
  error why;
};

/// Answers `compare_shard`: what is known, or why it can't be.
struct shard_compared {
  std::uint64_t tag = 0;
  error why;
  cluster::comparison found;
};

/// Time for the connection to look at its deadlines.
struct tick {};

/// One per client connection, on the unit of its transport. Never bounced:
/// its transport stops reading, and it asks for one page at a time.
using connection_actor =
  caf::typed_actor<caf::reacts_to<inbound>, caf::reacts_to<output_drained>,
                   caf::reacts_to<disconnected>, caf::reacts_to<drain>,
                   caf::reacts_to<submitted>, caf::reacts_to<attached>,
                   caf::reacts_to<inbox_page>, caf::reacts_to<answered>,
                   caf::reacts_to<cut_off>, caf::reacts_to<detached>,
                   caf::reacts_to<lost>, caf::reacts_to<shard_compared>,
                   caf::reacts_to<tick>>;

// -- what every durable actor is told -----------------------------------------

/// What was staged with this ticket, and all before it, is durable.
struct committed {
  std::uint64_t ticket = 0;
};

/// The store answered; runs `then` in the actor.
struct loaded {
  std::function<void()> then;
};

/// Say so if nothing is going on: the actor may be put to rest.
struct rest_query {
  std::uint64_t forwarded = 0; ///< commands passed to it so far
};

/// Remove what retention and the idempotency window let go.
struct sweep {
  persistence::actor_ref who;
};

// -- conversation -------------------------------------------------------------

/// Commits messages or changes of members, in order. Answered by `submitted`;
/// each fails on its own with: id_too_old, id_in_future, id_reused,
/// out_of_order, not_a_member, forbidden,
/// too_many_members, already_exists, not_found, overloaded, not_leader,
/// storage_full.
struct submit {
  conversation_id conversation;
  author from;
  std::vector<submission> list;
  std::uint64_t tag = 0;
  connection_actor reply_to;
  /// What the shard keeps free for it until it is staged, or gone.
  std::shared_ptr<const void> room = {};
};

/// Answered by `answered` with a history_page; not_a_member.
struct read_history {
  user_id reader;
  conversation_id conversation;
  protocol::history request;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// Answered by `answered` with members; not_a_member.
struct read_roster {
  user_id reader;
  conversation_id conversation;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// Nothing can outlive its messages up to here any more: see
/// cluster::shard::waiter.
struct logged {
  sequence upto;
};

/// A destination shard's users have committed everything up to `upto`.
struct fanned_out {
  conversation_id conversation;
  shard_id by;
  sequence upto;
};

/// Orders the messages of one conversation and fans them out to inboxes. One
/// per active conversation, on the leader of its shard.
using conversation_actor =
  caf::typed_actor<caf::reacts_to<submit>, caf::reacts_to<read_history>,
                   caf::reacts_to<read_roster>, caf::reacts_to<fanned_out>,
                   caf::reacts_to<sweep>, caf::reacts_to<logged>,
                   caf::reacts_to<committed>, caf::reacts_to<loaded>,
                   caf::reacts_to<rest_query>, caf::reacts_to<tick>>;

// -- user ---------------------------------------------------------------------

/// Items of one conversation for its members on one shard. Answered by
/// `fanned_out` once all of them have committed it; sent again if that takes
/// too long. Goes to the shard actor, which hands each user its part.
struct fan_out {
  conversation_id conversation;
  shard_id destination;
  sequence first;
  std::vector<item_bytes> items;
  std::vector<conversation_machine::recipient> recipients;
};

/// Counts down the users that have to commit a fan_out. They all live on one
/// unit.
struct fan_in {
  std::size_t waiting = 0;
  fanned_out answer;
};

/// One user's part of a fan_out. Who brings `done` to zero answers it.
struct append {
  std::shared_ptr<const fan_out> batch;
  conversation_machine::recipient part;
  std::shared_ptr<fan_in> done;
  std::shared_ptr<const void> room; ///< as a submit's
};

/// Which of a device's connections came later. Clocks of different nodes don't
/// tell: who keeps the inbox counts.
struct seniority {
  node_id node;             ///< that accepted it
  caf::actor_id number = 0; ///< grows on one node
  /// Given when its inbox was opened first, and grows, whoever leads; 0: it
  /// was not yet.
  std::uint64_t rank = 0;
  std::uint32_t waited_ms = 0; ///< since its device came
};

/// A device connects, or its connection was detached. Answered by `attached`:
/// too_many_devices, replaced. An older connection of the same device is cut
/// off: with replaced, or with unavailable if it may be the newer one.
struct open_inbox {
  user_id user;
  device_id device;
  connection_actor from;
  seniority age = {};
};

/// The connection is gone: only its id is left. Never answered.
struct close_inbox {
  user_id user;
  caf::actor_id from = caf::invalid_actor_id;
};

/// Asks for entries behind `after`: answered by `inbox_page` as soon as there
/// are some. One at a time for each connection; a second replaces the first.
struct read_inbox {
  user_id user;
  connection_actor from;
  inbox_offset after;
  std::uint32_t items_max = 0;
  std::uint64_t sync = 0; ///< the connection's how-manieth it is for
  bool at_once = false;   ///< even without any: for the head
};

/// The device has everything up to `upto`. Never answered; the newest wins.
struct acknowledge {
  user_id user;
  connection_actor from;
  inbox_offset upto;
};

/// Answered by `answered` with one user_status.
struct read_status {
  user_id user;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// The same for each of these, who all live on one shard: one message, so that
/// a list of names takes no more of a mailbox than another request.
struct read_statuses {
  std::vector<user_id> users;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// Answered by `answered` with a conversation_list.
struct list_conversations {
  user_id user;
  protocol::conversations request;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// Answered by `answered` with a device_list.
struct list_devices {
  user_id user;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// Answered by `answered` with done; not_found.
struct remove_device {
  user_id user;
  device_id device;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// Keeps one user's inbox and devices. One per user with a connection or with
/// mail coming in, on the leader of the user's shard.
using user_actor =
  caf::typed_actor<caf::reacts_to<append>, caf::reacts_to<open_inbox>,
                   caf::reacts_to<close_inbox>, caf::reacts_to<read_inbox>,
                   caf::reacts_to<acknowledge>, caf::reacts_to<read_status>,
                   caf::reacts_to<list_conversations>,
                   caf::reacts_to<list_devices>, caf::reacts_to<remove_device>,
                   caf::reacts_to<sweep>, caf::reacts_to<committed>,
                   caf::reacts_to<loaded>, caf::reacts_to<rest_query>,
                   caf::reacts_to<tick>>;

// -- the control group --------------------------------------------------------

/// Answered by `answered` with done once the map says so; fails with what the
/// change names, and not_leader, unavailable, overloaded.
struct change_cluster {
  control_change what;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// Keeps the cluster's map and plans where shards go. One in the cluster, on
/// the leader of the control group.
using controller_actor =
  caf::typed_actor<caf::reacts_to<change_cluster>, caf::reacts_to<sweep>,
                   caf::reacts_to<committed>, caf::reacts_to<loaded>,
                   caf::reacts_to<rest_query>, caf::reacts_to<tick>>;

/// `then` is called once, in the desk: with no error if the change is made.
struct ask_controller {
  control_change what;
  std::function<void(const error&)> then;
};

/// Asks the controller for who is no connection. One per node.
using control_desk_actor =
  caf::typed_actor<caf::reacts_to<ask_controller>, caf::reacts_to<answered>,
                   caf::reacts_to<lost>, caf::reacts_to<tick>>;

// -- shard --------------------------------------------------------------------

/// Begins the comparison with this number of all that the shard's replicas
/// hold, or asks how far it is: see cluster::shard::compare_all. Answered at
/// once by `shard_compared`: not_leader, unavailable.
struct compare_shard {
  std::uint64_t number = 0;
  std::uint64_t tag = 0;
  connection_actor reply_to;
};

/// The replica's state is made anew from another's, also if it has stopped.
/// `then` is called once, on any thread: with no error when it has begun.
struct repair_replica {
  std::function<void(const result<void>&)> then;
};

/// Asks all shards of the cluster that, for who is no connection.
using comparison_desk_actor =
  caf::typed_actor<caf::reacts_to<shard_compared>, caf::reacts_to<lost>,
                   caf::reacts_to<tick>>;

/// An actor has nothing to do, having handled this many commands.
struct resting {
  persistence::actor_ref who;
  std::uint64_t handled = 0;
};

/// What the stores hold of this shard.
struct shard_loaded {
  result<cluster::shard::stored> found;
};

/// What another replica of this shard said.
struct replica_message {
  node_id from;
  std::variant<cluster::raft::message, cluster::image_message> what;
};

/// A step of a walk through the actors that have wake marks, or of a sweep
/// through all: passes a `sweep` on to each. It comes as one message, which
/// finds room in any mailbox.
struct awaken {
  std::vector<persistence::actor_ref> list;
  std::string
    next_mark; ///< where the walk through the marks goes on, if at all
};

/// Goes on with a sweep, at this key.
struct sweep_on {
  std::string from;
};

/// There may be room for fan-outs that wait.
struct hand_out_on {};

/// The replica's own news, from its callbacks.
struct shard_leads {};
struct shard_follows {};
struct shard_reload {
  bool anew = false; ///< as another replica, if this one has stopped
};
struct shard_stopped {
  error why;
};

/// Where the shard is wanted: see cluster::shard::place.
struct place_replica {
  cluster::placement wanted;
};

/// The link to this node broke, or is there again.
struct peer_linked {
  node_id peer;
  bool up;
};

/// Leadership goes to another replica, if there is one: this node stops.
struct hand_over {};

/// Owns one replica, activates its durable actors and passes commands on to
/// them. One per shard, and its actors' supervisor.
using shard_actor = caf::typed_actor<
  caf::reacts_to<submit>, caf::reacts_to<read_history>,
  caf::reacts_to<read_roster>, caf::reacts_to<fanned_out>,
  caf::reacts_to<fan_out>, caf::reacts_to<open_inbox>,
  caf::reacts_to<close_inbox>, caf::reacts_to<read_inbox>,
  caf::reacts_to<acknowledge>, caf::reacts_to<read_statuses>,
  caf::reacts_to<list_conversations>, caf::reacts_to<list_devices>,
  caf::reacts_to<remove_device>, caf::reacts_to<change_cluster>,
  caf::reacts_to<compare_shard>, caf::reacts_to<repair_replica>,
  caf::reacts_to<awaken>, caf::reacts_to<resting>, caf::reacts_to<sweep_on>,
  caf::reacts_to<hand_out_on>, caf::reacts_to<shard_loaded>,
  caf::reacts_to<replica_message>, caf::reacts_to<shard_leads>,
  caf::reacts_to<shard_follows>, caf::reacts_to<shard_reload>,
  caf::reacts_to<shard_stopped>, caf::reacts_to<place_replica>,
  caf::reacts_to<peer_linked>, caf::reacts_to<hand_over>, caf::reacts_to<tick>,
  caf::replies_to<supervision::read_tree>::with<supervision::tree_node>>;

} // namespace iris::actors

IRIS_LOCAL_MESSAGE(iris::actors::inbound)
IRIS_LOCAL_MESSAGE(iris::actors::output_drained)
IRIS_LOCAL_MESSAGE(iris::actors::disconnected)
IRIS_LOCAL_MESSAGE(iris::actors::drain)
IRIS_LOCAL_MESSAGE(iris::actors::submitted)
IRIS_LOCAL_MESSAGE(iris::actors::attached)
IRIS_LOCAL_MESSAGE(iris::actors::inbox_page)
IRIS_LOCAL_MESSAGE(iris::actors::answered)
IRIS_LOCAL_MESSAGE(iris::actors::cut_off)
IRIS_LOCAL_MESSAGE(iris::actors::detached)
IRIS_LOCAL_MESSAGE(iris::actors::lost)
IRIS_LOCAL_MESSAGE(iris::actors::shard_compared)
IRIS_LOCAL_MESSAGE(iris::actors::compare_shard)
IRIS_LOCAL_MESSAGE(iris::actors::repair_replica)
IRIS_LOCAL_MESSAGE(iris::actors::tick)
IRIS_LOCAL_MESSAGE(iris::actors::logged)
IRIS_LOCAL_MESSAGE(iris::actors::committed)
IRIS_LOCAL_MESSAGE(iris::actors::loaded)
IRIS_LOCAL_MESSAGE(iris::actors::rest_query)
IRIS_LOCAL_MESSAGE(iris::actors::sweep)
IRIS_LOCAL_MESSAGE(iris::actors::submit)
IRIS_LOCAL_MESSAGE(iris::actors::read_history)
IRIS_LOCAL_MESSAGE(iris::actors::read_roster)
IRIS_LOCAL_MESSAGE(iris::actors::fanned_out)
IRIS_LOCAL_MESSAGE(iris::actors::fan_out)
IRIS_LOCAL_MESSAGE(iris::actors::append)
IRIS_LOCAL_MESSAGE(iris::actors::open_inbox)
IRIS_LOCAL_MESSAGE(iris::actors::close_inbox)
IRIS_LOCAL_MESSAGE(iris::actors::read_inbox)
IRIS_LOCAL_MESSAGE(iris::actors::acknowledge)
IRIS_LOCAL_MESSAGE(iris::actors::read_status)
IRIS_LOCAL_MESSAGE(iris::actors::read_statuses)
IRIS_LOCAL_MESSAGE(iris::actors::list_conversations)
IRIS_LOCAL_MESSAGE(iris::actors::list_devices)
IRIS_LOCAL_MESSAGE(iris::actors::remove_device)
IRIS_LOCAL_MESSAGE(iris::actors::change_cluster)
IRIS_LOCAL_MESSAGE(iris::actors::ask_controller)
IRIS_LOCAL_MESSAGE(iris::actors::resting)
IRIS_LOCAL_MESSAGE(iris::actors::awaken)
IRIS_LOCAL_MESSAGE(iris::actors::sweep_on)
IRIS_LOCAL_MESSAGE(iris::actors::hand_out_on)
IRIS_LOCAL_MESSAGE(iris::actors::shard_loaded)
IRIS_LOCAL_MESSAGE(iris::actors::replica_message)
IRIS_LOCAL_MESSAGE(iris::actors::shard_leads)
IRIS_LOCAL_MESSAGE(iris::actors::shard_follows)
IRIS_LOCAL_MESSAGE(iris::actors::shard_reload)
IRIS_LOCAL_MESSAGE(iris::actors::shard_stopped)
IRIS_LOCAL_MESSAGE(iris::actors::place_replica)
IRIS_LOCAL_MESSAGE(iris::actors::peer_linked)
IRIS_LOCAL_MESSAGE(iris::actors::hand_over)
