#include "actors/user.hpp"

#include "actors/about_message.hpp"
#include "actors/log_reader.hpp"
#include "protocol/codec.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using namespace std::chrono_literals;

/// Mail that waits for the store. More than of other things: what is refused
/// comes again only when its conversation loses patience.
constexpr std::size_t appends_parked_max = 16 * parked_max;
/// Entries are removed in steps of this many.
constexpr std::uint64_t trim_step = 512;

/// Of two connections of a device. One whose inbox was never open is new.
bool came_before(const seniority& x, const seniority& y) {
  if (x.node == y.node)
    return x.number < y.number;
  return x.rank != 0 && x.rank < y.rank;
}

error replaced() {
  return {errc::replaced, "this device connected again elsewhere"};
}

/// More than a message between nodes takes, unless something is wrong.
constexpr auto transit = 2s;

} // namespace

user::user(caf::actor_config& config, const activation& with)
  : durable(config, with), machine_(keys(), with.env.user) {
  // nop
}

user::behavior_type user::make_behavior() {
  activate();
  return {
    [this](append& x) {
      when_ready(
        x, [this](append& y) { on_append(y); }, appends_parked_max);
    },
    [this](read_inbox& x) {
      at_once(x, [this](read_inbox& y) { on_read(y); });
    },
    [this](acknowledge& x) {
      when_ready(x, [this](acknowledge& y) { on_acknowledge(y); });
    },
    [this](committed& x) { on_committed(x); },
    [](loaded& x) { x.then(); },
    [this](open_inbox& x) {
      when_ready(
        x, [this](open_inbox& y) { on_attach(y); }, SIZE_MAX);
    },
    [this](close_inbox& x) {
      // Refused, its reader would stay for ever.
      when_ready(
        x, [this](close_inbox& y) { on_detach(y); }, SIZE_MAX);
    },
    [this](read_status& x) {
      when_ready(x, [this](read_status& y) { answer_status(y); });
    },
    [this](list_conversations& x) {
      when_ready(x, [this](list_conversations& y) { answer_conversations(y); });
    },
    [this](list_devices& x) {
      when_ready(x, [this](list_devices& y) { answer_devices(y); });
    },
    [this](remove_device& x) {
      when_ready(x, [this](remove_device& y) { on_remove(y); });
    },
    [this](sweep& x) { when_ready(x, [this](sweep&) { on_sweep(); }); },
    [this](rest_query& x) {
      answer_rest_query(x, quiet() && readers_.empty()
                             && !machine_.cursors_moved());
    },
    [this](tick&) { on_tick(); },
  };
}

/// A read that is refused cuts the device off, and a reader that is not told to
/// go would stay for ever: there is one for each connection. Mail has its room,
/// and is delivered late if it has to come again.
bool user::control(const caf::type_erased_tuple& what) const noexcept {
  return durable::control(what) || what.match_elements<close_inbox>()
         || what.match_elements<read_inbox>() || what.match_elements<append>();
}

/// Nobody would tell them of mail that comes.
void user::on_exit() {
  for (const auto& x : readers_)
    caf::anon_send(x.second.connection, detached{});
  readers_.clear();
  durable::on_exit();
}

void user::activate() {
  read_alone(
    [keys = keys()](const persistence::state_store& store) {
      return user_state::load(store, keys);
    },
    [this](const result<user_state>& found) {
      machine_.load(expect(found));
      committed_ = machine_.head();
    });
}

// -- inbox --------------------------------------------------------------------

void user::on_append(const append& what) {
  const auto& batch = *what.batch;
  auto skip = what.part.from.value - batch.first.value;
  auto count = what.part.to.value - what.part.from.value + 1;
  auto items = std::span{batch.items}.subspan(skip, count);
  auto before = machine_.head();
  persistence::writes out;
  auto unknown =
    machine_.append(batch.conversation, what.part.from, items, out);
  if (unknown)
    // What was staged before the activation has been applied since.
    return read_committed_alone(
      [key = keys().of(record::seen, unknown->conversation.bytes())](
        const persistence::state_store& store) -> result<std::uint64_t> {
        auto found = store.get(key);
        if (!found)
          return found.failure();
        return *found ? decode_number(**found) : result<std::uint64_t>{0};
      },
      [this, what](const result<std::uint64_t>& found) {
        machine_.looked_up(what.batch->conversation, {expect(found)});
        on_append(what);
      });
  if (env().log.enabled(observability::log_level::debug))
    log(items.last(machine_.head().value - before.value), before);
  auto wrote = !out.empty();
  commit(out, [this, wrote, from = batch.conversation, done = what.done,
               head = machine_.head()] {
    if (wrote)
      machine_.written(from);
    committed_ = std::max(committed_, head);
    serve_all();
    if (--done->waiting == 0)
      env().routes.to_actor(ref_of(done->answer.conversation), done->answer);
  });
}

/// What came again has its place already, and no line.
void user::log(std::span<const item_bytes> taken, inbox_offset behind) {
  auto name = *user_id::parse(who().id);
  for (const auto& bytes : taken) {
    behind = behind.next();
    if (auto item = protocol::decode_item(*bytes))
      env().log.debug(about_message(item->id, item->trace),
                      "message taken for an inbox",
                      {{"user", name},
                       {"offset", behind},
                       {"conversation", item->conversation},
                       {"sequence", item->seq}});
  }
}

void user::on_read(const read_inbox& what) {
  auto i = readers_.find(what.from->id());
  if (i == readers_.end())
    return refuse(what, {errc::unavailable, "expected an attached device"});
  i->second.waiting = true;
  i->second.after = what.after;
  i->second.items_max = what.items_max;
  i->second.sync = what.sync;
  i->second.at_once = what.at_once;
  serve(i->first);
}

void user::serve_all() {
  for (auto& x : readers_)
    serve(x.first);
}

void user::serve(caf::actor_id key) {
  auto& to = readers_.at(key);
  if (!to.waiting || to.reading || (to.after >= committed_ && !to.at_once))
    return;
  auto first = std::max(to.after, machine_.floor()).value + 1;
  if (first > committed_.value)
    return push(to, {first}, {}); // All that it lacks was removed, if any.
  auto last = std::min(committed_.value, first + to.items_max - 1);
  if (machine_.inbox().covers(first))
    return push(to, {first},
                machine_.inbox().collect(first, last, page_bytes_max));
  to.reading = true;
  read(
    [keys = keys(), range = log_range{record::inbox, first, last}](
      const persistence::state_store& store) {
      return read_log(store, keys, range);
    },
    [this, key, first](const result<std::vector<item_bytes>>& found) {
      auto i = readers_.find(key);
      if (i == readers_.end())
        return;
      i->second.reading = false;
      // Retention may have passed by meanwhile, or the reader moved.
      auto after = std::max(i->second.after, machine_.floor());
      if (!i->second.waiting || after.value + 1 != first)
        return serve(key);
      push(i->second, {first}, expect(found));
    });
}

void user::push(reader& to, inbox_offset first, std::vector<item_bytes> items) {
  to.waiting = false;
  caf::anon_send(to.connection,
                 inbox_page{to.sync, first, std::move(items), committed_});
}

// -- devices ------------------------------------------------------------------

void user::on_attach(const open_inbox& what) {
  auto there = reader_of(what.device);
  // It was heard last; whoever opened the other since has given it up.
  if (there != caf::invalid_actor_id
      && came_before(what.age, readers_.at(there).age))
    return decline(what, replaced());
  persistence::writes out;
  auto device = machine_.attach(what.device, now(), out);
  if (!device)
    return decline(what, device.failure());
  if (there != what.from->id())
    replace(there, what.age);
  reader joined;
  joined.connection = what.from;
  joined.device = what.device;
  joined.age = what.age;
  joined.opened = env().time.steady_now();
  if (joined.age.rank == 0)
    joined.age.rank = next_rank();
  auto rank = joined.age.rank;
  readers_[what.from->id()] = std::move(joined);
  auto told = [this, to = what.from, cursor = device->cursor, rank] {
    caf::anon_send(to,
                   attached{{}, cursor, machine_.floor(), committed_, rank});
  };
  // A head that others have moved on from would make the client's place look
  // wrong.
  if (out.empty())
    when_certain(std::move(told));
  else
    commit(out, std::move(told));
}

/// Whoever is not told `replaced` comes again, and is the newer one then. That
/// must not go on for ever between two apps: only what came while nobody led,
/// or was late on its way, is not sure to be newer.
void user::replace(caf::actor_id which, const seniority& by) {
  auto i = readers_.find(which);
  if (i == readers_.end())
    return;
  auto there_for = env().time.steady_now() - i->second.opened;
  auto sure = by.node == i->second.age.node || by.rank != 0
              || there_for > std::chrono::milliseconds{by.waited_ms} + transit;
  cut(which, sure ? replaced()
                  : error{errc::unavailable,
                          "this device connected elsewhere, too: connect again",
                          1000});
}

/// Grows with each, and is greater than what an earlier leader's actor gave,
/// for what that gave was committed.
std::uint64_t user::next_rank() {
  constexpr unsigned ranks_of_entry = 16; // bits
  rank_ = std::max(rank_ + 1, next_entry() << ranks_of_entry);
  return rank_;
}

void user::on_detach(const close_inbox& what) {
  auto i = readers_.find(what.from);
  if (i == readers_.end())
    return;
  persistence::writes out;
  machine_.detach(i->second.device, now(), out);
  readers_.erase(i);
  commit(out, [] {});
}

void user::on_acknowledge(const acknowledge& what) {
  auto i = readers_.find(what.from->id());
  if (i == readers_.end())
    return;
  machine_.acknowledge(i->second.device, std::min(what.upto, committed_));
  if (machine_.cursors_moved())
    tick_after(cursor_delay);
}

/// The one connection of a device, if it has any.
caf::actor_id user::reader_of(const device_id& which) const {
  auto i = std::find_if(readers_.begin(), readers_.end(), [&](const auto& x) {
    return x.second.device == which;
  });
  return i == readers_.end() ? caf::invalid_actor_id : i->first;
}

void user::cut(caf::actor_id which, const error& why) {
  auto i = readers_.find(which);
  if (i == readers_.end())
    return;
  caf::anon_send(i->second.connection, cut_off{why});
  readers_.erase(i);
}

void user::on_remove(const remove_device& what) {
  persistence::writes out;
  if (auto removed = machine_.remove(what.device, out); !removed)
    return decline(what, removed.failure());
  // Not who comes meanwhile: that is a new device.
  commit(
    out,
    [this, what, which = reader_of(what.device)] {
      // First the answer: the device may remove itself.
      caf::anon_send(what.reply_to, answered{what.tag, protocol::done{}, {}});
      cut(which, {errc::device_removed, "this device was removed"});
    },
    refusal_of(what));
}

// -- requests -----------------------------------------------------------------

void user::answer_devices(const list_devices& what) {
  protocol::device_list out;
  for (const auto& x : machine_.devices()) {
    auto online = reader_of(x.first) != caf::invalid_actor_id;
    out.list.push_back({x.first, x.second.cursor, online, x.second.seen});
  }
  answer(what, std::move(out));
}

void user::answer_status(const read_status& what) {
  protocol::user_status out;
  out.user = what.user;
  out.online = !readers_.empty();
  out.seen = last_seen(machine_.devices());
  answer(what, std::move(out));
}

void user::answer_conversations(const list_conversations& what) {
  when_certain(
    [this, what] {
      read(
        [keys = keys(),
         ask = what.request](const persistence::state_store& store) {
          return read_conversations(store, keys, ask);
        },
        [this, what](const result<protocol::conversation_list>& found) {
          caf::anon_send(what.reply_to, answered{what.tag, expect(found), {}});
        },
        refusal_of(what));
    },
    refusal_of(what));
}

// -- housekeeping -------------------------------------------------------------

void user::on_tick() {
  ticked();
  persistence::writes out;
  machine_.store_cursors(out);
  if (!out.empty())
    commit(out, [this] { trim(); });
}

void user::trim() {
  auto floor = machine_.floor().value;
  auto upto = std::min(machine_.removable().value, committed_.value);
  if (trimming_ || upto < floor + trim_step)
    return;
  trimming_ = true;
  persistence::writes out;
  machine_.removed({floor + trim_step}, out);
  commit(out, [this] {
    trimming_ = false;
    trim();
  });
}

void user::on_sweep() {
  trim();
  if (env().user.retention.count() > 0)
    expire();
}

/// What no device may get any more: one that stays away keeps nothing longer.
void user::expire() {
  timestamp oldest{now().ms - env().user.retention.count()};
  auto from = machine_.floor().value;
  auto to = std::min(committed_.value, from + trim_step);
  read(
    [keys = keys(), oldest, from, to](const persistence::state_store& store) {
      return last_expired_item(store, keys, oldest,
                               {record::inbox, from + 1, to});
    },
    [this](const result<floor_record>& found) {
      inbox_offset last{expect(found).position};
      if (last <= machine_.floor())
        return;
      persistence::writes out;
      machine_.removed(last, out);
      commit(out, [this] { expire(); });
    });
}

} // namespace iris::actors
