#include "actors/connection.hpp"

#include "actors/about_message.hpp"
#include "actors/log_reader.hpp"
#include "base/hash.hpp"
#include "protocol/codec.hpp"

#include <map>

namespace iris::actors {

namespace {

connection_actor handle_of(connection* self) {
  return caf::actor_cast<connection_actor>(self);
}

} // namespace

connection::connection(caf::actor_config& config,
                       std::shared_ptr<wire> transport,
                       std::shared_ptr<const connection_options> options,
                       const environment& env)
  : bounded(config), wire_(std::move(transport)), options_(std::move(options)),
    env_(env),
    session_(options_->session, *this, options_->node, env.time.steady_now()),
    attachment_(hash64(std::to_string(id()), options_->node.value)) {
  // nop
}

connection::behavior_type connection::make_behavior() {
  arm();
  return {
    [this](inbound& x) { on_inbound(x); },
    [this](submitted& x) {
      session_.answered(x.tag, std::move(x.answers), env_.time.steady_now());
      settle();
    },
    [](shard_compared&) {}, // None asks for it.
    [this](lost& x) {
      session_.lost(x.tag, x.why, env_.time.steady_now());
      settle();
    },
    [this](inbox_page& x) { on_page(x); },
    [this](output_drained&) { settle(); },
    [this](answered& x) { on_answer(x); },
    [this](attached& x) { on_attached(x); },
    [this](detached&) { on_detached(0); },
    [this](cut_off& x) {
      attachment_.closed();
      session_.cut_off(x.why);
      settle();
    },
    [this](drain& x) {
      session_.drain("the node lets its clients go", 1000,
                     x.nodes ? *x.nodes : std::vector<std::string>{});
      settle();
    },
    [this](disconnected&) { quit(caf::exit_reason::user_shutdown); },
    [this](tick&) { on_tick(); },
  };
}

void connection::on_exit() {
  // Also ends an attach that is still on its way.
  if (entered_) {
    env_.users.leave(session_.user(), session_.device());
    env_.routes.to_actor(ref_of(session_.user()),
                         close_inbox{session_.user(), id()});
  }
  wire_->close();
}

// -- from the client ----------------------------------------------------------

void connection::on_inbound(inbound& what) {
  env_.metrics.frames_in.add(what.frames.size());
  held_ = std::move(what);
  taken_ = 0;
  paused_ = true;
  settle();
}

/// An answer to a request may be as large as a page: what is asked for without
/// being read would otherwise pile up here.
bool connection::has_room() const {
  return !session_.saturated()
         && wire_->queued() + session_.requests() * page_bytes_max
              < options_->output_bytes_max;
}

void connection::take_held() {
  if (taken_ == held_.frames.size())
    return;
  auto wall = env_.time.wall_now();
  auto now = env_.time.steady_now();
  for (; taken_ < held_.frames.size() && has_room(); ++taken_) {
    auto& x = held_.frames[taken_];
    if (auto* frame = std::get_if<protocol::client_frame>(&x))
      session_.receive(*frame, wall, now);
    else
      session_.refuse(std::get<protocol::failed>(x), now);
  }
  session_.flush();
  env_.metrics.messages_in.add(session_.take_submissions());
  if (taken_ < held_.frames.size())
    return;
  held_ = {};
  taken_ = 0;
}

/// After every event: goes on with what it may have made possible.
void connection::settle() {
  session_.finish_drain();
  take_held();
  if (session_.state() == session_state::closed)
    return;
  pull();
  if (paused_ && held_.frames.empty() && has_room()) {
    paused_ = false;
    wire_->resume();
  }
  arm();
}

void connection::arm() {
  auto now = env_.time.steady_now();
  auto next = std::min(session_.next_deadline(), attachment_.next_deadline());
  // An earlier wake-up looks again; a later one would be too late.
  if (armed_ > now && armed_ <= next)
    return;
  armed_ = std::max(next, now + std::chrono::milliseconds{1});
  auto delay = std::chrono::ceil<std::chrono::milliseconds>(armed_ - now);
  home().after(delay, [weak = caf::weak_actor_ptr{ctrl()}] {
    if (auto self = weak.lock())
      caf::anon_send(caf::actor_cast<connection_actor>(self), tick{});
  });
}

void connection::on_tick() {
  session_.tick(env_.time.wall_now(), env_.time.steady_now());
  keep_attached();
  settle();
}

// -- the log ------------------------------------------------------------------

/// Never a body or a token: of what the client sent, only ids.
void connection::log(const protocol::server_frame& frame,
                     std::string_view trace) {
  using observability::public_text;
  if (const auto* x = std::get_if<protocol::sent>(&frame))
    return env_.log.debug(about_message(x->id, trace), "message acknowledged",
                          {{"user", session_.user()},
                           {"device", session_.device()},
                           {"sequence", x->seq},
                           {"duplicate", x->duplicate}});
  const auto* why = std::get_if<protocol::failed>(&frame);
  if (why == nullptr)
    return;
  if (why->id)
    return env_.log.debug(about_message(*why->id, trace), "message refused",
                          {{"user", session_.user()},
                           {"device", session_.device()},
                           {"code", why->code},
                           {"why", public_text{why->text}}});
  if (why->fatal && session_.state() < session_state::authenticated)
    env_.log.debug("connection refused", {{"from", public_text{wire_->peer()}},
                                          {"code", why->code},
                                          {"why", public_text{why->text}}});
}

// -- to the client ------------------------------------------------------------

void connection::send(const protocol::server_frame& frame,
                      std::string_view trace) {
  count(frame);
  if (env_.log.enabled(observability::log_level::debug))
    log(frame, trace);
  thread_local std::string bytes;
  bytes.clear();
  protocol::encode(frame, bytes);
  write(bytes);
}

void connection::count(const protocol::server_frame& frame) {
  if (auto* x = std::get_if<protocol::sent>(&frame)) {
    env_.metrics.messages_sent_acked.add(1);
    if (x->duplicate)
      env_.metrics.messages_duplicate.add(1);
  } else if (auto* failure = std::get_if<protocol::failed>(&frame)) {
    env_.metrics.errors.with(to_string(failure->code)).add();
    if (failure->fatal && session_.state() < session_state::authenticated)
      env_.metrics.connections_refused.with(to_string(failure->code)).add();
    if (failure->id)
      env_.metrics.messages_refused.add(1);
  }
}

void connection::write(std::string_view frame) {
  env_.metrics.frames_out.add(1);
  wire_->send(frame);
}

void connection::pull() {
  // What was asked for before a sync is asked for again, but not faster than
  // it is answered.
  if (!attachment_.is_open()
      || (pulling_ && (waits_for_head_ || pulled_for_ == session_.syncs())))
    return;
  auto room = session_.may_pull();
  if (room == 0 || wire_->queued() >= options_->output_bytes_max)
    return;
  pulling_ = true;
  waits_for_head_ = session_.wants_head();
  pulled_for_ = session_.syncs();
  env_.routes.to_actor(ref_of(session_.user()),
                       read_inbox{session_.user(), handle_of(this),
                                  session_.position(),
                                  std::min(room, protocol::limits::items_max),
                                  pulled_for_, waits_for_head_});
}

void connection::on_page(const inbox_page& what) {
  // Its answer may have crossed with what replaced it.
  if (!pulling_ || what.sync != pulled_for_)
    return;
  // A leader that was given up may have answered it too.
  if (what.sync == session_.syncs() && what.first <= session_.position())
    return;
  pulling_ = false;
  if (what.sync == session_.syncs()) {
    if (!what.items.empty())
      write_items(what);
    session_.pushed(what.first, what.items.size(), what.head);
  }
  settle();
}

void connection::write_items(const inbox_page& what) {
  std::vector<std::string_view> views;
  views.reserve(what.items.size());
  for (const auto& x : what.items)
    views.push_back(*x);
  thread_local std::string bytes;
  bytes.clear();
  protocol::encode_items(what.first, views, bytes);
  write(bytes);
  env_.metrics.items_pushed.add(views.size());
  if (session_.state() == session_state::live)
    measure(views.front());
}

/// How old an item is that was just written.
void connection::measure(std::string_view item) {
  if (auto at = protocol::time_of_item(item))
    env_.metrics.end_to_end_seconds.observe(
      std::chrono::milliseconds{env_.time.wall_now().ms - at->ms});
}

void connection::on_answer(answered& what) {
  if (auto* why = std::get_if<protocol::failed>(&what.answer)) {
    session_.refused(what.tag, {why->code, why->text, why->retry_after_ms},
                     env_.time.steady_now());
    return settle();
  }
  if (auto* x = std::get_if<protocol::user_status>(&what.answer)) {
    session_.status_answered(what.tag, *x);
    return settle();
  }
  auto n = session_.take_request(what.tag);
  if (!n)
    return;
  std::visit(
    [&]<class Frame>(Frame& x) {
      if constexpr (!std::is_same_v<Frame, protocol::user_status>) {
        x.n = *n;
        if constexpr (std::is_same_v<Frame, protocol::history_page>) {
          std::vector<std::string_view> views;
          for (const auto& item : what.items)
            views.push_back(*item);
          std::string bytes;
          protocol::encode_page(x, views, bytes);
          write(bytes);
        } else {
          send(x, {});
        }
      }
    },
    what.answer);
  settle();
}

// -- commands -----------------------------------------------------------------

void connection::act(session::command what) {
  std::visit(
    [this]<class T>(T& x) {
      const auto& user = session_.user();
      if constexpr (std::is_same_v<T, session::attach_device>) {
        enter_inbox();
      } else if constexpr (std::is_same_v<T, session::submit_list>) {
        submit_list(std::move(x));
      } else if constexpr (std::is_same_v<T, session::request>) {
        ask(x);
      } else if constexpr (std::is_same_v<T, session::status_request>) {
        ask_about(x);
      } else {
        env_.metrics.items_acked.add(x.items);
        // Otherwise once it is open again.
        if (attachment_.is_open())
          env_.routes.to_actor(ref_of(user),
                               acknowledge{user, handle_of(this), x.upto});
      }
    },
    what);
}

void connection::enter_inbox() {
  entered_ = env_.users.enter(session_.user(), session_.device());
  entered_at_ = env_.time.steady_now();
  if (entered_)
    return open_inbox_now();
  caf::anon_send(
    handle_of(this),
    attached{{errc::too_many_connections,
              "expected at most " + std::to_string(env_.users.limit())
                + " devices of this user to be connected"},
             {},
             {},
             {},
             0});
}

void connection::open_inbox_now() {
  using std::chrono::milliseconds;
  const auto& user = session_.user();
  auto now = env_.time.steady_now();
  auto waited = std::chrono::duration_cast<milliseconds>(now - entered_at_);
  attachment_.opening(now);
  env_.routes.to_actor(
    ref_of(user), open_inbox{user,
                             session_.device(),
                             handle_of(this),
                             {options_->node, id(), rank_,
                              static_cast<std::uint32_t>(waited.count())}});
}

void connection::on_attached(const attached& what) {
  if (what.refused && attachment_.worth_waiting(what.refused))
    return on_detached(what.refused.retry_after_ms);
  auto first = session_.state() == session_state::attaching;
  if (what.refused) {
    attachment_.closed();
  } else {
    attachment_.opened();
    rank_ = what.rank;
  }
  if (first)
    session_.attached(what.refused, what.cursor, what.floor, what.head);
  else if (what.refused)
    session_.cut_off(what.refused);
  else if (session_.cursor() > what.cursor)
    // What it acknowledged meanwhile, or just before.
    act(session::acknowledge_inbox{session_.cursor(), 0});
  // Before anything can be read that answers the `ready`.
  if (first && session_.state() == session_state::authenticated)
    wire_->logged_in();
  settle();
}

void connection::on_detached(std::uint32_t hint_ms) {
  attachment_.failed(env_.time.steady_now(), hint_ms);
  // No page comes from there.
  pulling_ = waits_for_head_ = false;
  settle();
}

void connection::keep_attached() {
  switch (attachment_.due(env_.time.steady_now())) {
  case attachment::step::none:
    return;
  case attachment::step::open:
    return open_inbox_now();
  case attachment::step::give_up:
    session_.cut_off({errc::unavailable,
                      "nobody serves this inbox for now: connect again", 1000});
  }
}

void connection::submit_list(session::submit_list what) {
  env_.routes.to_actor(ref_of(what.conversation),
                       submit{what.conversation,
                              {session_.user(), session_.device()},
                              std::move(what.list),
                              what.tag,
                              handle_of(this)});
}

void connection::ask_about(const session::status_request& what) {
  std::map<shard_id, read_statuses> by_home;
  for (const auto& user : what.users)
    by_home[env_.routes.home_of(ref_of(user))].users.push_back(user);
  for (auto& [home_of, x] : by_home) {
    x.tag = what.tag;
    x.reply_to = handle_of(this);
    env_.routes.to_shard(home_of, std::move(x));
  }
}

void connection::ask(const session::request& what) {
  const auto& user = session_.user();
  auto self = handle_of(this);
  std::visit(
    [&]<class Frame>(const Frame& x) {
      if constexpr (std::is_same_v<Frame, protocol::history>)
        env_.routes.to_actor(
          ref_of(x.conversation),
          read_history{user, x.conversation, x, what.tag, self});
      else if constexpr (std::is_same_v<Frame, protocol::roster>)
        env_.routes.to_actor(ref_of(x.conversation),
                             read_roster{user, x.conversation, what.tag, self});
      else if constexpr (std::is_same_v<Frame, protocol::conversations>)
        env_.routes.to_actor(ref_of(user),
                             list_conversations{user, x, what.tag, self});
      else if constexpr (std::is_same_v<Frame, protocol::devices>)
        env_.routes.to_actor(ref_of(user), list_devices{user, what.tag, self});
      else if constexpr (std::is_same_v<Frame, protocol::device_remove>)
        env_.routes.to_actor(ref_of(user),
                             remove_device{user, x.name, what.tag, self});
    },
    what.frame);
}

} // namespace iris::actors
