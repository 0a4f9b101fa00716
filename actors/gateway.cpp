#include "actors/gateway.hpp"

#include "actors/refusals.hpp"
#include "actors/remote_connection.hpp"
#include "actors/remote_shard.hpp"

namespace iris::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto retry_every = 100ms;
/// Longer than any request waits for its answer.
constexpr auto sweep_every = 1min;

error unreachable() {
  return {errc::unavailable, "the leader of this shard can't be reached", 100};
}

} // namespace

gateway::gateway(parts with)
  : with_(std::move(with)),
    errands_([&routes = with_.env.routes](const user_id& who) {
      return routes.home_of(ref_of(who));
    }),
    visitors_([this](const visitor_key& who, shard_id asked) {
      return connection_actor{
        supervision::spawn_on<remote_connection>(unit_of(asked), *this, who)};
    }) {
  every(retry_every, alive_, [this] { retry(); });
  every(sweep_every, alive_, [this] { sweep(); });
}

gateway::~gateway() = default;

void gateway::serve(shard_id where, shard_actor to) {
  std::lock_guard guard{mutex_};
  local_[where] = std::move(to);
}

shard_actor gateway::local(shard_id where) const {
  std::lock_guard guard{mutex_};
  auto i = local_.find(where);
  return i == local_.end() ? shard_actor{} : i->second;
}

shard_actor gateway::shard_on(node_id peer, shard_id where) {
  std::lock_guard guard{mutex_};
  auto& found = remote_[{peer, where}];
  if (!found)
    found =
      supervision::spawn_on<remote_shard>(unit_of(where), *this, peer, where);
  return found;
}

void gateway::left(node_id peer, shard_id where) {
  errands_.lose(peer, where,
                {errc::not_leader, "the leader of this shard changed", 100});
}

void gateway::close() {
  std::map<std::pair<node_id, shard_id>, shard_actor> gone;
  {
    std::lock_guard guard{mutex_};
    alive_.reset();
    local_.clear();
    gone.swap(remote_);
  }
  for (const auto& x : gone)
    caf::anon_send_exit(x.second, caf::exit_reason::user_shutdown);
  visitors_.leave_all();
}

// -- what comes in ------------------------------------------------------------

void gateway::on_frame(node_id from, cluster::lane by, std::string frame) {
  if (by != cluster::lane::commands)
    return;
  auto found = decode_node_frame(frame);
  if (found)
    return std::visit([&](auto& x) { take(from, x); }, *found);
  with_.env.metrics.node_frames_refused.add();
  with_.env.log.error("a frame of another node makes no sense",
                      {{"peer", from}, {"why", found.failure()}});
}

void gateway::take(node_id from, command_frame& what) {
  std::visit(
    [&](auto& x) {
      pass({from, what.from}, what.where, x);
    },
    what.what);
}

template <class Command>
void gateway::pass(const visitor_key& from, shard_id where, Command& what) {
  auto to = local(where);
  if constexpr (std::is_same_v<Command, close_inbox>) {
    what.from = visitors_.closed(from);
    if (what.from == caf::invalid_actor_id)
      return;
  } else if constexpr (requires { what.reply_to; }) {
    what.reply_to = visitors_.at(from, where);
  } else if constexpr (requires { what.from; }) {
    what.from = visitors_.at(from, where);
    if constexpr (std::is_same_v<Command, open_inbox>)
      visitors_.opened(from, where, what.user);
  }
  if (to)
    caf::anon_send(to, std::move(what));
  else
    refuse(what, {errc::not_leader, "this node does not have the shard", 100});
}

void gateway::take(node_id from, answer_frame& what) {
  if (what.to.process != with_.process)
    return; // An earlier process asked for it.
  auto to = errands_.end(from, what);
  if (to)
    std::visit([&](auto& x) { caf::anon_send(to, std::move(x)); }, what.what);
}

void gateway::take(node_id from, const leading_frame& what) {
  if (with_.on_leading)
    with_.on_leading(from, what);
}

void gateway::on_link(node_id peer, bool up) {
  if (up)
    return;
  {
    std::lock_guard guard{mutex_};
    std::erase_if(unsent_, [&](const auto& x) { return x.first == peer; });
  }
  errands_.lose(peer, std::nullopt, unreachable());
  for (auto& x : visitors_.leave(peer))
    if (auto to = local(x.where))
      caf::anon_send(to, std::move(x.what));
}

// -- what goes out ------------------------------------------------------------

void gateway::send_later(node_id to, std::string frame) {
  std::lock_guard guard{mutex_};
  unsent_.emplace_back(to, std::move(frame));
}

void gateway::retry() {
  std::lock_guard guard{mutex_};
  std::erase_if(unsent_, [this](auto& x) { return send(x.first, x.second); });
}

void gateway::sweep() {
  errands_.sweep();
  visitors_.sweep();
}

void gateway::every(std::chrono::milliseconds period,
                    const std::weak_ptr<bool>& alive,
                    std::function<void()> what) {
  with_.units.front()->after(
    period, [this, period, alive, what = std::move(what)]() mutable {
      if (alive.expired())
        return;
      what();
      every(period, alive, std::move(what));
    });
}

} // namespace iris::actors
