#include "actors/conversation.hpp"

#include "actors/about_message.hpp"
#include "actors/log_reader.hpp"
#include "protocol/codec.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using namespace std::chrono_literals;

/// How much one fan_out carries.
constexpr std::size_t batch_items_max = 256;
constexpr std::size_t batch_bytes_max = 128 * 1024;
/// A fan_out that is not answered by then is sent again.
constexpr auto delivery_timeout = 5s;
/// How far the clocks of nodes may differ, generously.
constexpr std::chrono::milliseconds clock_skew_max = 1h;
/// How much one step of a sweep reads.
constexpr std::size_t sweep_max = 512;

} // namespace

conversation::conversation(caf::actor_config& config, conversation_id id,
                           activation with)
  : durable(config, with),
    machine_(id, keys(), with.env.conversation, with.env.routes.shards()) {
  // nop
}

conversation::behavior_type conversation::make_behavior() {
  activate();
  return {
    [this](submit& x) {
      when_ready(x, [this](submit& y) {
        auto what = std::make_shared<progress>();
        what->answer.tag = y.tag;
        what->request = std::move(y);
        decide(std::move(what));
      });
    },
    [this](read_history& x) {
      when_ready(x, [this](read_history& y) { on_read(y); });
    },
    [this](read_roster& x) {
      when_ready(x, [this](read_roster& y) { answer_roster(y); });
    },
    [this](fanned_out& x) {
      when_ready(x, [this](fanned_out& y) { on_fanned_out(y); });
    },
    [this](sweep& x) { when_ready(x, [this](sweep&) { on_sweep(); }); },
    [this](logged& x) {
      logged_ = x.upto;
      pump();
    },
    [this](committed& x) {
      on_committed(x);
      rest_if_nothing();
    },
    [](loaded& x) { x.then(); },
    [this](rest_query& x) {
      answer_rest_query(x, quiet() && deliveries_.empty());
    },
    [this](tick&) { on_tick(); },
  };
}

/// No more than commits, and one for each shard that is being delivered to.
bool conversation::control(const caf::type_erased_tuple& what) const noexcept {
  return durable::control(what) || what.match_elements<logged>()
         || what.match_elements<fanned_out>();
}

void conversation::activate() {
  using state = std::pair<conversation_state, bool>;
  read_alone(
    [keys = keys(), mark = wake_key_of_this()](
      const persistence::state_store& store) -> result<state> {
      auto marked = store.get(mark);
      if (!marked)
        return marked.failure();
      auto found = conversation_state::load(store, keys);
      if (!found)
        return found.failure();
      return state{std::move(*found), marked->has_value()};
    },
    [this](const result<state>& found) {
      auto [content, marked] = expect(found);
      if (marked)
        was_marked();
      machine_.load(std::move(content));
      logged_ = machine_.head();
      pump();
    });
}

// -- submissions --------------------------------------------------------------

void conversation::decide(std::shared_ptr<progress> what) {
  persistence::writes out;
  auto& list = what->request.list;
  for (; what->next < list.size(); ++what->next) {
    const auto& one = list[what->next];
    auto decision = machine_.submit(what->request.from, one, now(), out);
    if (auto* unknown = std::get_if<conversation_machine::lookup>(&decision)) {
      // What was decided so far is staged, so that the store will know it.
      if (!out.empty())
        stage(std::move(out), [] {});
      return look_up(*unknown, std::move(what));
    }
    if (auto* refused = std::get_if<error>(&decision)) {
      auto frame = to_frame(*refused);
      frame.id = one.id;
      what->answer.answers.emplace_back(std::move(frame));
    } else {
      what->answer.answers.emplace_back(
        std::get<conversation_machine::accepted>(decision).answer);
    }
  }
  finish(what, std::move(out));
}

void conversation::look_up(const conversation_machine::lookup& what,
                           std::shared_ptr<progress> then) {
  read_alone(
    [key = keys().dedup(what.id.first, what.id.second)](
      const persistence::state_store& store)
      -> result<std::optional<dedup_record>> {
      auto found = store.get(key);
      if (!found)
        return found.failure();
      if (!*found)
        return std::optional<dedup_record>{};
      auto record = decode_dedup(**found);
      if (!record)
        return record.failure();
      return std::optional{*record};
    },
    [this, id = what.id,
     then](const result<std::optional<dedup_record>>& found) {
      machine_.looked_up(id, expect(found));
      decide(then);
    },
    lost_of(*then));
}

void conversation::finish(const std::shared_ptr<progress>& what,
                          persistence::writes out) {
  auto release = [this, what] {
    if (env().log.enabled(observability::log_level::debug))
      log(*what);
    caf::anon_send(what->request.reply_to, std::move(what->answer));
  };
  what->request.room.reset();
  if (out.empty()) {
    when_certain(std::move(release), lost_of(*what));
    return rest_if_nothing();
  }
  stage(std::move(out), std::move(release), lost_of(*what));
}

/// A later leader may have it in its log.
task conversation::lost_of(const progress& what) {
  return [to = what.request.reply_to, tag = what.answer.tag] {
    caf::anon_send(to, lost{tag, ended()});
  };
}

void conversation::stage(persistence::writes out, task release, task dropped) {
  commit(
    std::move(out), true, std::move(release),
    [self = caf::actor_cast<conversation_actor>(this), head = machine_.head()] {
      caf::anon_send(self, logged{head});
    },
    std::move(dropped));
}

void conversation::log(const progress& what) {
  for (std::size_t i = 0; i < what.answer.answers.size(); ++i) {
    const auto& one = what.request.list[i];
    auto about = about_message(one.id, one.trace);
    if (const auto* x = std::get_if<protocol::sent>(&what.answer.answers[i]))
      env().log.debug(about, "message committed",
                      {{"conversation", machine_.id()},
                       {"sequence", x->seq},
                       {"duplicate", x->duplicate}});
  }
}

/// Ids can be made up: those of no conversation take no memory.
void conversation::rest_if_nothing() {
  if (machine_.head().value == 0 && quiet())
    rest();
}

// -- delivery -----------------------------------------------------------------

void conversation::pump() {
  for (const auto& [where, cursor] : machine_.behind(logged_))
    if (!deliveries_.contains(where) && !reading_.contains(where))
      pump(where, cursor);
}

void conversation::pump(shard_id where, sequence cursor) {
  auto first = std::max(cursor.value, machine_.floor().position) + 1;
  auto last = std::min(logged_.value, first + batch_items_max - 1);
  if (machine_.log().covers(first))
    return deliver(where, {first},
                   machine_.log().collect(first, last, batch_bytes_max));
  reading_.insert(where);
  // The store has it once it is durable.
  when_durable([this, where, first, last] {
    read(
      [keys = keys(),
       range = log_range{record::log, first, last, batch_bytes_max}](
        const persistence::state_store& store) {
        return read_log(store, keys, range);
      },
      [this, where, first](const result<std::vector<item_bytes>>& found) {
        reading_.erase(where);
        // What was sent before may have been answered, then removed.
        if (machine_.floor().position >= first)
          return pump();
        deliver(where, {first}, expect(found));
      });
  });
}

void conversation::deliver(shard_id where, sequence first,
                           std::vector<item_bytes> items) {
  sequence last{first.value + items.size() - 1};
  fan_out out{machine_.id(), where, first, std::move(items),
              machine_.recipients(where, first, last)};
  // Its cursor is to be stored, if only to take the mark away.
  tick_after(cursor_delay);
  if (out.recipients.empty()) {
    machine_.delivered(where, last);
    return pump();
  }
  deliveries_[where] = {last, env().time.steady_now() + delivery_timeout};
  env().routes.to_shard(where, std::move(out));
}

void conversation::on_fanned_out(const fanned_out& what) {
  machine_.delivered(what.by, what.upto);
  auto i = deliveries_.find(what.by);
  // An earlier attempt's answer leaves the later one, which may have more, to
  // its own: two on their way would stay two.
  if (i != deliveries_.end() && i->second.upto <= what.upto) {
    deliveries_.erase(i);
    pump();
  }
  tick_after(cursor_delay);
}

void conversation::on_tick() {
  ticked();
  auto time = env().time.steady_now();
  std::erase_if(deliveries_,
                [&](const auto& x) { return x.second.deadline <= time; });
  pump();
  auto work_left = !machine_.behind(machine_.head()).empty();
  persistence::writes out;
  machine_.store_cursors(out);
  if (!out.empty() || work_left != marked())
    commit(std::move(out), work_left, [] {});
  if (work_left)
    tick_after(cursor_delay);
}

// -- reading ------------------------------------------------------------------

void conversation::on_read(const read_history& what) {
  if (auto refused = machine_.refuse_reader(what.reader)) {
    decline(what, refused);
    return rest_if_nothing();
  }
  when_certain([this, what, low = machine_.readable_from(what.reader),
                head = machine_.head()] { page(what, low, head); },
               refusal_of(what));
}

void conversation::page(const read_history& what, sequence low, sequence head) {
  const auto& ask = what.request;
  auto lowest = std::max(low.value, machine_.floor().position + 1);
  auto first = std::max(ask.from.value, lowest);
  auto last = std::min(head.value, first + ask.limit - 1);
  if (ask.back) {
    last = std::min(ask.from.value, head.value);
    first = std::max(lowest, last >= ask.limit ? last - ask.limit + 1 : 1);
  }
  if (first > last)
    return answer_page(what, head, std::vector<item_bytes>{});
  read(
    [keys = keys(),
     range = log_range{record::log, first, last, page_bytes_max, ask.back}](
      const persistence::state_store& store) {
      return read_log(store, keys, range);
    },
    [this, what, low, head,
     first](const result<std::vector<item_bytes>>& found) {
      // Retention may have passed by meanwhile.
      if (machine_.floor().position >= first)
        return page(what, low, head);
      answer_page(what, head, found);
    },
    refusal_of(what));
}

void conversation::answer_page(const read_history& what, sequence head,
                               result<std::vector<item_bytes>> items) {
  protocol::history_page out;
  out.conversation = machine_.id();
  out.head = head;
  caf::anon_send(what.reply_to, answered{what.tag, out, expect(items)});
}

void conversation::answer_roster(const read_roster& what) {
  if (auto refused = machine_.refuse_reader(what.reader)) {
    decline(what, refused);
    return rest_if_nothing();
  }
  answer(what, machine_.members());
}

// -- retention ----------------------------------------------------------------

void conversation::on_sweep() {
  sweep_ids();
  if (env().conversation.retention.count() > 0)
    sweep_log();
}

void conversation::sweep_ids() {
  // Another node's clock may be behind: no id goes that it might still take.
  auto oldest = now().ms - env().conversation.idempotency_window.count()
                - clock_skew_max.count();
  read(
    [keys = keys(), oldest](const persistence::state_store& store) {
      return last_expired_id(store, keys, {oldest}, sweep_max);
    },
    [this](const result<std::string>& found) {
      const auto& last = expect(found);
      if (last.empty())
        return;
      persistence::writes out;
      machine_.forget_ids(last, out);
      commit(out, [this] { sweep_ids(); });
    });
}

void conversation::sweep_log() {
  timestamp oldest{now().ms - env().conversation.retention.count()};
  read(
    [keys = keys(), oldest, from = machine_.floor().position,
     limit = machine_.removable()](const persistence::state_store& store) {
      return last_expired_item(
        store, keys, oldest,
        {record::log, from + 1, std::min(limit.value, from + sweep_max)});
    },
    [this](const result<floor_record>& found) {
      const auto& last = expect(found);
      if (last.position <= machine_.floor().position)
        return;
      persistence::writes out;
      machine_.removed({last.position}, last.at, out);
      commit(out, [this] { sweep_log(); });
    });
}

} // namespace iris::actors
