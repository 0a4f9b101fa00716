#include "actors/shard_host.hpp"

#include "actors/comparison_desk.hpp"
#include "actors/controller.hpp"
#include "actors/conversation.hpp"
#include "actors/user.hpp"
#include "base/codec.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using namespace std::chrono_literals;
using observability::metrics;
using persistence::actor_kind;
using persistence::actor_ref;

constexpr auto tick_every = 5s;
/// By then who is connected has heard of a new leader: a link that is lost is
/// noticed, and an inbox is opened again after a pause of at most 0.6 s.
constexpr auto presence_settles = 2s;
/// What is handed out or written but not readable yet: beyond this a shard
/// takes no new messages. Those that it took, and other shards', may come to as
/// much again on their way to the inboxes.
constexpr std::size_t pending_bytes_max = taken_bytes_max / 2;
/// More than is written of a message, a member or an inbox entry besides its
/// body: keys, names, checksums, what its actor remembers of it.
constexpr std::size_t record_bytes = 1024;
/// Fan-outs that may wait for room, and how often they look for it.
constexpr std::size_t deliveries_max = 32;
constexpr auto hand_out_pause = 20ms;
std::size_t bytes_of(const submit& what) {
  std::size_t out = 0;
  for (const auto& x : what.list)
    out += x.body.size() + (1 + x.users.size()) * record_bytes;
  return out;
}

std::size_t bytes_of(const fan_out& batch,
                     const conversation_machine::recipient& part) {
  std::size_t out = 0;
  for (auto i = part.from; i <= part.to; i = i.next())
    out += batch.items[i.value - batch.first.value]->size() + record_bytes;
  return out;
}

const char* type_of(const actor_ref& who) {
  switch (who.kind) {
  case actor_kind::user:
    return "user";
  case actor_kind::controller:
    return "controller";
  default:
    return "conversation";
  }
}

/// Counts `what` in `taken` until the last copy of what this returns is gone.
std::shared_ptr<const void>
hold(const std::shared_ptr<std::atomic<std::size_t>>& taken, std::size_t what) {
  *taken += what;
  return {nullptr, [taken, what](const void*) { *taken -= what; }};
}

} // namespace

shard_host::shard_host(caf::actor_config& config, const shard_host_parts& with)
  : bounded(config), with_(with) {
  mailbox_state().bound = with_.env.mailbox_max * 4;
}

template <class Message>
auto shard_host::to_conversation() {
  return [this](Message& x) { forward(ref_of(x.conversation), x); };
}

template <class Message>
auto shard_host::to_user() {
  return [this](Message& x) { forward(ref_of(x.user), x); };
}

shard_host::behavior_type shard_host::make_behavior() {
  set_down_handler([this](caf::down_msg& x) { on_down(x); });
  set_exit_handler([this](caf::exit_msg& x) { end(x.reason); });
  begin();
  load();
  tick_later();
  return {
    [this](submit& x) { on_submit(x); },
    [this](fan_out& x) { on_fan_out(x); },
    to_user<read_inbox>(),
    to_user<acknowledge>(),
    to_conversation<fanned_out>(),
    to_conversation<read_history>(),
    to_conversation<read_roster>(),
    to_user<open_inbox>(),
    to_user<close_inbox>(),
    [this](read_statuses& x) { on_read_statuses(x); },
    to_user<list_conversations>(),
    [this](list_devices& x) {
      if (auto why = presence_unknown())
        return refuse(x, why);
      forward(ref_of(x.user), x);
    },
    to_user<remove_device>(),
    [this](change_cluster& x) { forward(controller_ref(), x); },
    [this](compare_shard& x) { answer(x, refusal(), *shard_); },
    [this](repair_replica& x) { on_repair(x); },
    [this](awaken& x) { on_awaken(x); },
    [this](resting& x) { on_resting(x); },
    [this](sweep_on& x) { sweep_from(std::move(x.from)); },
    [this](hand_out_on&) { hand_out(); },
    [this](shard_loaded& x) { on_loaded(x); },
    [this](replica_message& x) { on_replica(x); },
    [this](shard_leads&) { on_leading(); },
    [this](shard_follows&) { on_following(); },
    [this](shard_reload& x) { on_reload(x); },
    [this](shard_stopped& x) { on_stopped(x.why); },
    [this](place_replica& x) { place(std::move(x.wanted)); },
    [this](peer_linked& x) { x.up ? shard_->found() : shard_->lost(x.peer); },
    [this](hand_over&) { shard_->hand_over(); },
    [this](tick&) { on_tick(); },
    [this](supervision::read_tree&) { return describe(); },
  };
}

// -- passing commands on ------------------------------------------------------

error shard_host::refusal() const {
  if (ending_)
    return {errc::unavailable, "this node stops", 1000};
  if (stopped_)
    return {errc::unavailable, "this shard's store failed", 1000};
  if (!shard_->leading())
    return {errc::not_leader, "this shard has no leader here yet", 100};
  return {};
}

/// Whether there is room for a command until this replica leads.
template <class Message>
bool shard_host::may_wait(const Message& what) {
  // Without it, who came and left would be online for ever.
  if constexpr (std::is_same_v<Message, close_inbox>)
    return early_opens_.erase(what.from) == 1;
  if (early_.size() >= with_.env.mailbox_max)
    return false;
  if constexpr (std::is_same_v<Message, open_inbox>)
    early_opens_.insert(what.from->id());
  return true;
}

template <class Message>
void shard_host::forward(const actor_ref& to, Message& what) {
  if (!led_ && !stopped_ && may_wait(what))
    return early_.push_back(
      [this, to, held = std::make_shared<Message>(std::move(what))] {
        forward(to, *held);
      });
  if (auto why = refusal())
    return refuse(what, why);
  if (auto why = held_back(to, key_of(what)))
    return refuse(what, why);
  auto& found = activate(to);
  ++found.forwarded;
  // Whom a sweep woke has no other reason to stay.
  if constexpr (!std::is_same_v<Message, sweep>)
    found.last_used = with_.env.time.steady_now();
  caf::anon_send(found.handle, std::move(what));
}

void shard_host::on_submit(submit& what) {
  if (with_.env.storage_full.load(std::memory_order_relaxed))
    return refuse(
      what, {errc::storage_full, "the disk is full: reading goes on", 5000});
  auto bytes = bytes_of(what);
  if (!has_room(bytes, pending_bytes_max))
    return refuse(
      what, {errc::overloaded, "too much is being written: try again", 100});
  what.room = hold(handed_, bytes);
  forward(ref_of(what.conversation), what);
}

void shard_host::on_fan_out(fan_out& what) {
  // It comes again, and may have come before. On a full disk, a large group's
  // inboxes would soon take what is kept free: a write that fails stops the
  // shard.
  auto waits =
    std::any_of(deliveries_.begin(), deliveries_.end(), [&](const auto& x) {
      return x.batch->conversation == what.conversation;
    });
  if (waits || with_.env.storage_full.load(std::memory_order_relaxed)
      || deliveries_.size() >= deliveries_max)
    return;
  auto batch = std::make_shared<const fan_out>(std::move(what));
  sequence last{batch->first.value + batch->items.size() - 1};
  auto waiting = std::make_shared<fan_in>(fan_in{
    batch->recipients.size(), {batch->conversation, batch->destination, last}});
  deliveries_.push_back({std::move(batch), std::move(waiting)});
  if (deliveries_.size() == 1)
    hand_out();
}

void shard_host::hand_out() {
  if (stopped_ || ending_
      || with_.env.storage_full.load(std::memory_order_relaxed))
    deliveries_.clear();
  while (!deliveries_.empty()) {
    auto first = std::move(deliveries_.front());
    deliveries_.pop_front();
    if (hand_out(first))
      continue;
    // A large group's must not keep the others waiting.
    deliveries_.push_back(std::move(first));
    return hand_out_later();
  }
}

/// Whether there was room for all users that had not got it yet.
bool shard_host::hand_out(delivery& what) {
  const auto& batch = what.batch;
  for (; what.next < batch->recipients.size(); ++what.next) {
    const auto& to = batch->recipients[what.next];
    auto bytes = bytes_of(*batch, to);
    if (!has_room(bytes, taken_bytes_max))
      return false;
    append part{batch, to, what.waiting, hold(handed_, bytes)};
    forward(ref_of(to.user), part);
  }
  return true;
}

void shard_host::hand_out_later() {
  home().after(hand_out_pause, [weak = caf::weak_actor_ptr{ctrl()}] {
    if (auto self = weak.lock())
      caf::anon_send(caf::actor_cast<shard_actor>(self), hand_out_on{});
  });
}

bool shard_host::has_room(std::size_t bytes, std::size_t limit) const {
  return shard_->pending_bytes() + *handed_ + bytes <= limit;
}

void shard_host::on_read_statuses(const read_statuses& what) {
  for (const auto& user : what.users)
    on_read_status({user, what.tag, what.reply_to});
}

/// Devices that are connected open their inboxes at a new leader as they hear
/// of it. Who asks before asks again, rather than hear that they are away.
error shard_host::presence_unknown() const {
  if (!shard_->leading() || shard_->alone()
      || with_.env.time.steady_now() >= presence_known_at_)
    return {};
  return {errc::unavailable,
          "this shard has a new leader, which doesn't know yet who is there",
          200};
}

/// Who asks about somebody wakes nobody: a name costs the one who asks next to
/// nothing, whether there is such a user or not. All who ask share a reader.
void shard_host::on_read_status(read_status what) {
  if (auto why = presence_unknown())
    return refuse(what, why);
  auto who = ref_of(what.user);
  if (!led_ || refusal() || children_.contains(who))
    return forward(who, what);
  if (*asked_ >= with_.env.mailbox_max)
    return refuse(what, {errc::overloaded,
                         "too many users are asked about: try again", 100});
  shard_->read(
    [what, asked = hold(asked_, 1), keys = keyring{with_.shard.id, who}](
      const persistence::state_store& store) {
      auto found = user_state::load(store, keys);
      if (!found)
        return refuse(what, found.failure());
      protocol::user_status out{what.user, false, last_seen(found->devices)};
      caf::anon_send(what.reply_to, answered{what.tag, std::move(out), {}});
    });
}

// -- children -----------------------------------------------------------------

caf::actor shard_host::spawn(const actor_ref& who) {
  activation with{who, shard_, caf::actor_cast<shard_actor>(this), with_.env};
  if (who.kind == actor_kind::conversation) {
    auto id = conversation_id::from_bytes(who.id);
    with_.env.metrics.conversations_active.add(1);
    return caf::actor_cast<caf::actor>(
      supervision::spawn_on<conversation>(home(), id, std::move(with)));
  }
  if (who.kind == actor_kind::controller)
    return caf::actor_cast<caf::actor>(
      supervision::spawn_on<controller>(home(), std::move(with)));
  IRIS_ASSERT(who.kind == actor_kind::user);
  with_.env.metrics.users_active.add(1);
  return caf::actor_cast<caf::actor>(
    supervision::spawn_on<user>(home(), std::move(with)));
}

error shard_host::held_back(const actor_ref& who, command_key what) const {
  auto now = with_.env.time.steady_now();
  if (faults_.holds(who, no_command, now))
    return {errc::unavailable, "this actor failed too often: try again later",
            10'000};
  if (what != no_command && faults_.holds(who, what, now))
    return {errc::internal,
            "this made its actor fail again and again, and is refused for a "
            "while: tell the operator",
            30'000};
  return {};
}

shard_host::child& shard_host::activate(const actor_ref& who) {
  if (auto i = children_.find(who); i != children_.end())
    return i->second;
  auto handle = spawn(who);
  monitor(handle);
  by_actor_.emplace(handle.id(), who);
  return children_.emplace(who, child{handle, 0, {}}).first->second;
}

void shard_host::on_down(const caf::down_msg& what) {
  auto i = by_actor_.find(what.source.id());
  if (i == by_actor_.end())
    return;
  auto who = std::move(i->second);
  by_actor_.erase(i);
  if (who.kind == actor_kind::user)
    with_.env.metrics.users_active.add(-1);
  else if (who.kind == actor_kind::conversation)
    with_.env.metrics.conversations_active.add(-1);
  if (auto c = children_.find(who);
      c != children_.end() && c->second.handle.id() == what.source.id())
    children_.erase(c);
  if (ending_ && by_actor_.empty())
    quit(ending_);
  if (leads_soon_ && by_actor_.empty())
    on_leading();
  if (!what.reason || what.reason == caf::exit_reason::user_shutdown)
    return;
  failed(who, what.reason);
  if (shard_->leading())
    wake_if_marked(who);
}

void shard_host::failed(const actor_ref& who, const caf::error& why) {
  auto [during, text] = to_fault(why);
  auto type = type_of(who);
  ++restarts_;
  last_fault_ = std::move(text);
  with_.env.metrics.actor_restarts.with(type).add();
  with_.env.log.error("an actor failed",
                      {{"shard", with_.shard.id},
                       {"fault", observability::public_text{last_fault_}}});
  if (!faults_.failed(who, during, with_.env.time.steady_now())
      || during == no_command)
    return;
  with_.env.metrics.dead_letters.with(type).add();
  with_.env.log.error("a command that makes its actor fail is a dead letter",
                      {{"shard", with_.shard.id}});
}

void shard_host::on_resting(const resting& what) {
  auto i = children_.find(what.who);
  // A command that was passed on meanwhile keeps it awake.
  if (i == children_.end() || i->second.forwarded != what.handled)
    return;
  caf::anon_send_exit(i->second.handle, caf::exit_reason::user_shutdown);
  children_.erase(i);
}

// -- the replica --------------------------------------------------------------

void shard_host::begin() {
  auto self = caf::actor_cast<shard_actor>(this);
  // The callbacks come from this unit, but not from inside this actor.
  cluster::shard::events tell;
  tell.on_leading = [self] { caf::anon_send(self, shard_leads{}); };
  tell.on_following = [self] { caf::anon_send(self, shard_follows{}); };
  tell.on_leader = [this, self, own = with_.shard.self,
                    &to = with_.on_leader](std::optional<node_id> leader) {
    if (to)
      to(leader, shard_->term());
    if (leader && *leader != own)
      caf::anon_send(self, shard_follows{});
  };
  gauge_of(&metrics::shard_behind).set(1);
  tell.on_behind = [this](bool is) {
    gauge_of(&metrics::shard_behind).set(is ? 1 : 0);
  };
  tell.on_servers = with_.on_servers;
  tell.on_reload = [self] { caf::anon_send(self, shard_reload{}); };
  tell.on_differs = [&env = with_.env, id = with_.shard.id](auto index) {
    env.metrics.shard_differences.add();
    env.log.error("a shard's state is not what a majority has: it is copied "
                  "anew, look after this node's memory and disk",
                  {{"shard", id}, {"entry", index}});
  };
  if (with_.on_map)
    tell.on_applied = [this](std::uint64_t) { read_map(); };
  tell.on_stopped = [self](const error& why) {
    caf::anon_send(self, shard_stopped{why});
  };
  tell.on_committed = [&waited = with_.env.metrics.commit_seconds](
                        std::chrono::nanoseconds x) { waited.observe(x); };
  shard_ = std::make_shared<cluster::shard>(with_.shard, std::move(tell));
}

void shard_host::place(cluster::placement wanted) {
  wanted_ = std::move(wanted);
  shard_->place(wanted_);
}

/// With a map that it can't use this node must not lead those that can.
void shard_host::read_map() {
  auto self = caf::actor_cast<shard_actor>(this);
  with_.shard.readers.post(
    [self, &state = with_.shard.state, to = with_.on_map, &env = with_.env] {
      auto found = actors::read_map(state, env.routes.shards());
      if (found) {
        if (*found)
          to(std::move(**found));
        return;
      }
      env.log.error("the cluster's map can't be read",
                    {{"why", found.failure()}});
      to(found.failure());
      if (unfit_for_map(found.failure()))
        caf::anon_send(self, shard_stopped{found.failure()});
    });
}

void shard_host::on_replica(replica_message& what) {
  if (auto* x = std::get_if<cluster::raft::message>(&what.what))
    shard_->receive(std::move(*x));
  else
    shard_->receive(what.from, std::get<cluster::image_message>(what.what));
}

void shard_host::on_leading() {
  leads_soon_ = !by_actor_.empty();
  if (!leads_soon_)
    begin_to_lead();
}

void shard_host::begin_to_lead() {
  shard_->lead();
  if (!shard_->leading())
    return;
  presence_known_at_ = with_.env.time.steady_now() + presence_settles;
  gauge_of(&metrics::shard_leader).set(1);
  with_.env.log.debug("shard has a leader", {{"shard", with_.shard.id}});
  wake_marked(wake_prefix(with_.shard.id));
  if (with_.shard.id == cluster::control_shard)
    on_awaken({{controller_ref()}, {}});
  take_early();
}

/// It is known now who leads.
void shard_host::take_early() {
  led_ = true;
  early_opens_.clear();
  for (auto& x : std::exchange(early_, {}))
    x();
}

/// Whoever waits has a deadline, and asks again where it leads.
void shard_host::on_following() {
  gauge_of(&metrics::shard_leader).set(0);
  with_.env.log.debug("shard leads no more", {{"shard", with_.shard.id}});
  leads_soon_ = sweeping_ = false;
  deliveries_.clear();
  end_children();
  take_early();
}

void shard_host::on_awaken(const awaken& what) {
  for (const auto& who : what.list) {
    // A sweep is the command that changes nothing.
    sweep command{who};
    forward(who, command);
  }
  if (!what.next_mark.empty() && !stopped_ && !ending_)
    wake_marked(what.next_mark);
}

// -- housekeeping -------------------------------------------------------------

observability::gauge& shard_host::gauge_of(gauges metrics::*which) const {
  return (with_.env.metrics.*which).with(cluster::label_of(with_.shard.id));
}

void shard_host::tick_later() {
  home().after(tick_every, [weak = caf::weak_actor_ptr{ctrl()}] {
    if (auto self = weak.lock())
      caf::anon_send(caf::actor_cast<shard_actor>(self), tick{});
  });
}

void shard_host::on_tick() {
  gauge_of(&metrics::shard_lag).set(static_cast<std::int64_t>(shard_->lag()));
  auto now = with_.env.time.steady_now();
  faults_.forget(now);
  for (auto& [who, x] : children_)
    if (now - x.last_used >= with_.rest_after)
      caf::anon_send(x.handle, rest_query{x.forwarded});
  if (now >= next_sweep_ && !sweeping_ && shard_->leading()) {
    next_sweep_ = now + with_.sweep_every;
    std::string first;
    encoder{first}.u16(with_.shard.id.value);
    sweep_from(std::move(first));
  }
  tick_later();
}

const char* shard_host::state() const {
  if (stopped_)
    return "stopped";
  if (shard_->leading())
    return "leader";
  auto leader = shard_->leader();
  if (leader && *leader != with_.shard.self)
    return "follower";
  return led_ && !leader ? "no leader" : "starting";
}

supervision::tree_node shard_host::describe() const {
  supervision::tree_node out;
  out.name = "shard " + cluster::label_of(with_.shard.id);
  out.type = name();
  out.state = state();
  out.restarts = restarts_;
  out.last_fault = last_fault_;
  supervision::tree_node conversations;
  conversations.name = "conversations";
  conversations.type = "conversation";
  conversations.state = "running";
  supervision::tree_node users;
  users.name = "users";
  users.type = "user";
  users.state = "running";
  conversations.count = users.count = 0;
  for (const auto& x : children_)
    ++(x.first.kind == actor_kind::user ? users : conversations).count;
  conversations.mailbox_bound = users.mailbox_bound = with_.env.mailbox_max;
  out.children = {std::move(conversations), std::move(users)};
  return out;
}

// -- supervision --------------------------------------------------------------

void shard_host::bounce(caf::mailbox_element& what) {
  with_.env.metrics.mailbox_rejected.with(name()).add();
  refuse_any(what.content(),
             {errc::overloaded, "the mailbox is full: try again", 100});
}

/// Also what one connection or conversation sends once at a time: what others
/// fill a mailbox with must cut no device off, and hold no delivery up.
bool shard_host::control(const caf::type_erased_tuple& what) const noexcept {
  return what.match_elements<fan_out>() || what.match_elements<fanned_out>()
         || what.match_elements<read_inbox>()
         || what.match_elements<close_inbox>() || what.match_elements<resting>()
         || what.match_elements<awaken>() || what.match_elements<sweep_on>()
         || what.match_elements<hand_out_on>()
         || what.match_elements<shard_loaded>()
         || what.match_elements<replica_message>()
         || what.match_elements<shard_follows>()
         || what.match_elements<shard_reload>()
         || what.match_elements<shard_leads>()
         || what.match_elements<shard_stopped>()
         || what.match_elements<place_replica>()
         || what.match_elements<peer_linked>()
         || what.match_elements<repair_replica>()
         || what.match_elements<hand_over>() || what.match_elements<tick>()
         || what.match_elements<supervision::read_tree>();
}

void shard_host::end(const caf::error& reason) {
  ending_ = reason;
  // Refused, so that whoever asked asks where the shard is now.
  take_early();
  end_children();
  if (by_actor_.empty())
    quit(reason);
}

void shard_host::end_children() {
  for (auto& x : children_)
    caf::anon_send_exit(x.second.handle, caf::exit_reason::user_shutdown);
  children_.clear();
}

void shard_host::on_exit() {
  end_children();
  early_.clear();
  deliveries_.clear();
  forget_stopped();
  // Its callbacks hold this actor.
  if (auto last = std::exchange(shard_, {}))
    last->close();
}

} // namespace iris::actors
