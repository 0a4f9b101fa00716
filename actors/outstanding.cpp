#include "actors/outstanding.hpp"

#include "actors/retry_pause.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

/// Nobody was there to carry it out.
bool for_now(errc code) {
  return code == errc::not_leader || code == errc::unavailable;
}

protocol::failed frame_of(const error& why) {
  protocol::failed out;
  out.code = why.code;
  out.text = why.context;
  out.retry_after_ms = why.retry_after_ms;
  return out;
}

error held_up() {
  return {errc::unavailable, "what was sent before it waits: try again", 100};
}

std::optional<conversation_id> subject_of(const protocol::client_frame& what) {
  if (const auto* x = std::get_if<protocol::history>(&what))
    return x->conversation;
  if (const auto* x = std::get_if<protocol::roster>(&what))
    return x->conversation;
  return std::nullopt;
}

std::string_view trace_of(const submit_list& what,
                          const std::optional<message_id>& id) {
  auto i = std::find_if(what.list.begin(), what.list.end(),
                        [&](const auto& x) { return x.id == id; });
  return i == what.list.end() ? std::string_view{} : i->trace;
}

bool is_about(const outstanding::answer& what, const message_id& id) {
  return std::visit([&](const auto& x) { return x.id == id; }, what);
}

} // namespace

// -- what is kept -------------------------------------------------------------

outstanding::lane outstanding::lane_of(const entries::value_type& what) {
  if (const auto* x = std::get_if<submit_list>(&what.second.what))
    return {x->conversation, 0};
  if (const auto* x = std::get_if<request>(&what.second.what))
    if (auto subject = subject_of(x->frame))
      return {*subject, 0};
  return {{}, what.first};
}

std::size_t outstanding::weight_of(const entry& what) {
  if (const auto* x = std::get_if<submit_list>(&what.what))
    return x->list.size();
  return std::max<std::size_t>(what.users.size(), 1);
}

std::size_t outstanding::bytes_of(const entry& what) {
  std::size_t out = 0;
  if (const auto* x = std::get_if<submit_list>(&what.what))
    for (const auto& one : x->list)
      out += one.body.size() + one.title.size()
             + one.users.size() * user_id::bytes_max;
  return out;
}

outstanding::entries::iterator outstanding::insert(entry what) {
  size_ += weight_of(what);
  bytes_ += bytes_of(what);
  requests_ += std::holds_alternative<submit_list>(what.what) ? 0 : 1;
  return entries_.emplace(next_tag_++, std::move(what)).first;
}

outstanding::entry outstanding::take(entries::iterator i) {
  landed(i);
  size_ -= weight_of(i->second);
  bytes_ -= bytes_of(i->second);
  requests_ -= std::holds_alternative<submit_list>(i->second.what) ? 0 : 1;
  auto out = std::move(i->second);
  entries_.erase(i);
  return out;
}

/// No answer to it is expected any more.
void outstanding::landed(entries::iterator i) {
  if (!std::exchange(i->second.away, false))
    return;
  auto found = detours_.find(lane_of(*i));
  if (found != detours_.end() && found->second.probe != i->first)
    --found->second.others;
}

void outstanding::clear() {
  entries_.clear();
  detours_.clear();
  size_ = requests_ = bytes_ = 0;
}

// -- asking -------------------------------------------------------------------

void outstanding::add(submit_list what, nanoseconds deadline) {
  entry out;
  out.deadline = deadline;
  out.what = std::move(what);
  ask_in_turn(insert(std::move(out)));
}

void outstanding::add(protocol::client_frame what, std::uint64_t n,
                      nanoseconds deadline) {
  entry out;
  out.deadline = deadline;
  out.what = request{std::move(what)};
  out.n = n;
  ask_in_turn(insert(std::move(out)));
}

void outstanding::add(const protocol::status& what, nanoseconds deadline) {
  entry out;
  out.deadline = deadline;
  out.what = status_request{what.users};
  out.n = what.n;
  out.users.resize(what.users.size());
  ask_in_turn(insert(std::move(out)));
}

void outstanding::ask_in_turn(entries::iterator i) {
  auto waits = detours_.find(lane_of(*i));
  if (waits == detours_.end())
    return ask(i);
  waits->second.queue.insert(i->first);
}

void outstanding::ask(entries::iterator i) {
  i->second.away = true;
  auto out = i->second.what;
  std::visit([&](auto& x) { x.tag = i->first; }, out);
  if (auto* x = std::get_if<status_request>(&out)) {
    // Of some it may be known already.
    std::size_t position = 0;
    std::erase_if(x->users, [&](const auto&) {
      return i->second.users[position++].has_value();
    });
  }
  out_.ask(std::move(out));
}

// -- answers ------------------------------------------------------------------

void outstanding::answered(std::uint64_t tag, std::vector<answer> answers,
                           nanoseconds now) {
  auto i = entries_.find(tag);
  if (i == entries_.end())
    return;
  auto* asked = std::get_if<submit_list>(&i->second.what);
  if (asked == nullptr)
    return;
  // Two attempts may both be answered, the first one late: the second finds
  // what is told already gone from the list.
  std::erase_if(answers, [&](const answer& x) {
    return std::none_of(asked->list.begin(), asked->list.end(),
                        [&](const auto& one) { return is_about(x, one.id); });
  });
  if (answers.empty())
    return;
  auto settled = settled_of(*i, answers);
  if (settled > 0)
    fail_earlier(*i, true);
  say_answers(*asked, answers, settled);
  if (settled == answers.size()) {
    auto where = lane_of(*i);
    take(i);
    return done(where, tag, true);
  }
  size_ -= weight_of(i->second);
  bytes_ -= bytes_of(i->second);
  asked->list.erase(asked->list.begin(),
                    asked->list.begin() + static_cast<std::ptrdiff_t>(settled));
  size_ += weight_of(i->second);
  bytes_ += bytes_of(i->second);
  const auto& why = std::get<protocol::failed>(answers[settled]);
  refused(tag, {why.code, why.text, why.retry_after_ms}, now);
}

/// How many of the answers are for the client: all up to the last one that
/// asking again would not change.
std::size_t outstanding::settled_of(const entries::value_type& what,
                                    const std::vector<answer>& answers) const {
  const auto& list = std::get<submit_list>(what.second.what).list;
  if (!retrying_ || answers.size() != list.size())
    return answers.size();
  auto where = lane_of(what);
  std::set<message_id> again;
  std::size_t out = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const auto* why = std::get_if<protocol::failed>(&answers[i]);
    const auto& after = list[i].after;
    auto behind_such =
      why && why->code == errc::out_of_order && after
      && (again.contains(*after) || waits_for_retry(where, *after, what.first));
    if (why && (for_now(why->code) || behind_such))
      again.insert(list[i].id);
    else
      out = i + 1;
  }
  return out;
}

bool outstanding::waits_for_retry(const lane& where, const message_id& id,
                                  std::uint64_t ahead_of) const {
  auto i = detours_.find(where);
  if (i == detours_.end())
    return false;
  const auto& queue = i->second.queue;
  return std::any_of(queue.begin(), queue.lower_bound(ahead_of), [&](auto tag) {
    const auto* x = std::get_if<submit_list>(&entries_.at(tag).what);
    return x
           && std::any_of(x->list.begin(), x->list.end(),
                          [&](const auto& one) { return one.id == id; });
  });
}

void outstanding::say_answers(const submit_list& to,
                              const std::vector<answer>& answers,
                              std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    std::visit([&](const auto& x) { out_.say(x, trace_of(to, x.id)); },
               answers[i]);
}

void outstanding::status_answered(std::uint64_t tag,
                                  const protocol::user_status& what) {
  auto i = entries_.find(tag);
  if (i == entries_.end())
    return;
  auto* asked = std::get_if<status_request>(&i->second.what);
  if (asked == nullptr)
    return;
  auto& found = i->second.users;
  for (std::size_t at = 0; at < found.size(); ++at)
    if (asked->users[at] == what.user)
      found[at] = what;
  if (!std::all_of(found.begin(), found.end(), [](const auto& x) { return x; }))
    return;
  protocol::statuses out{i->second.n, {}};
  for (auto& x : found)
    out.users.push_back(std::move(*x));
  auto where = lane_of(*i);
  take(i);
  out_.say(out, {});
  done(where, tag, true);
}

std::optional<std::uint64_t> outstanding::take_request(std::uint64_t tag) {
  auto i = entries_.find(tag);
  if (i == entries_.end()
      || std::holds_alternative<submit_list>(i->second.what))
    return std::nullopt;
  auto where = lane_of(*i);
  auto out = take(i).n;
  done(where, tag, true);
  return out;
}

// -- asking again -------------------------------------------------------------

void outstanding::refused(std::uint64_t tag, const error& why,
                          nanoseconds now) {
  auto i = entries_.find(tag);
  // What is told late, or twice, changes nothing.
  if (i == entries_.end() || !i->second.away)
    return;
  if (retrying_ && (for_now(why.code) || why.code == errc::out_of_order)
      && retries_.take(now).count() == 0)
    return put_off(i, why, now);
  auto where = lane_of(*i);
  if (std::holds_alternative<submit_list>(i->second.what))
    fail_earlier(*i, true);
  fail(i, why);
  done(where, tag, !for_now(why.code));
}

void outstanding::lost(std::uint64_t tag, const error& why, nanoseconds now) {
  auto i = entries_.find(tag);
  if (i == entries_.end() || !i->second.away)
    return;
  i->second.unsure = true;
  // It may have been carried out, and those before it surely were not.
  fail_earlier(*i, false);
  refused(tag, why, now);
}

void outstanding::put_off(entries::iterator i, const error& why,
                          nanoseconds now) {
  landed(i);
  auto lane_of_it = lane_of(*i);
  auto [found, fresh] = detours_.try_emplace(lane_of_it);
  auto& where = found->second;
  if (fresh)
    where.others = static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const auto& x) {
        return x.second.away && lane_of(x) == lane_of_it;
      }));
  where.queue.insert(i->first);
  i->second.refused = why;
  if (*where.queue.begin() == i->first)
    where.why = why;
  if (where.probe == i->first)
    where.probe = 0;
  where.due =
    now + retry_pause(where.attempts++, why.retry_after_ms, salt_ + i->first);
}

/// Something is known of `than`: whatever was put off before it came too late.
void outstanding::fail_earlier(const entries::value_type& than,
                               bool unsure_too) {
  auto found = detours_.find(lane_of(than));
  if (found == detours_.end())
    return;
  auto& waiting = found->second;
  for (auto i = waiting.queue.begin();
       i != waiting.queue.end() && *i < than.first;) {
    auto which = entries_.find(*i);
    auto stays = which->second.away
                 || !std::holds_alternative<submit_list>(which->second.what)
                 || (which->second.unsure && !unsure_too);
    if (!stays)
      fail(which, why_of(which->second, waiting));
    i = stays ? std::next(i) : waiting.queue.erase(i);
  }
  if (waiting.queue.empty())
    detours_.erase(found);
}

const error& outstanding::why_of(const entry& what, const detour& waits) {
  return what.refused ? what.refused : waits.why;
}

void outstanding::fail(entries::iterator i, const error& why) {
  auto out = frame_of(why);
  auto what = take(i);
  if (const auto* x = std::get_if<submit_list>(&what.what)) {
    for (const auto& one : x->list) {
      // Only who named one before it is told that.
      auto told = out.code == errc::out_of_order && !one.after
                    ? frame_of(held_up())
                    : out;
      told.id = one.id;
      out_.say(told, one.trace);
    }
  } else {
    out.n = what.n;
    out_.say(out, {});
  }
}

/// `tag` is answered. Served: there is somebody who carries things out.
void outstanding::done(const lane& where, std::uint64_t tag, bool served) {
  auto found = detours_.find(where);
  if (found == detours_.end())
    return;
  auto& waiting = found->second;
  waiting.queue.erase(tag);
  auto probed = waiting.probe == tag;
  if (probed)
    waiting.probe = 0;
  if (!waiting.queue.empty() && !(probed && served))
    return;
  auto queue = std::move(waiting.queue);
  detours_.erase(found);
  for (auto x : queue)
    ask(entries_.find(x));
}

void outstanding::stop_retrying() {
  retrying_ = false;
  for (const auto& x : std::exchange(detours_, {}))
    for (auto tag : x.second.queue)
      if (auto i = entries_.find(tag); !i->second.away)
        fail(i, why_of(i->second, x.second));
}

// -- time ---------------------------------------------------------------------

void outstanding::tick(nanoseconds now) {
  expire(now);
  for (auto& [where, x] : detours_) {
    if (x.probe != 0 || x.others != 0 || now < x.due)
      continue;
    x.probe = *x.queue.begin();
    ask(entries_.find(x.probe));
  }
}

void outstanding::expire(nanoseconds now) {
  while (!entries_.empty() && entries_.begin()->second.deadline <= now) {
    auto i = entries_.begin();
    auto tag = i->first;
    auto where = lane_of(*i);
    auto waits = detours_.find(where);
    auto known = !i->second.away && !i->second.unsure;
    error why{errc::deadline_exceeded,
              "no answer in time: it may still happen, send it again with the "
              "same id",
              1000};
    if (waits != detours_.end() && known)
      why = why_of(i->second, waits->second);
    fail(i, why);
    done(where, tag, false);
  }
}

outstanding::nanoseconds outstanding::next_deadline() const {
  auto out = nanoseconds::max();
  if (!entries_.empty())
    out = entries_.begin()->second.deadline;
  for (const auto& [where, x] : detours_)
    if (x.probe == 0 && x.others == 0)
      out = std::min(out, x.due);
  return out;
}

} // namespace iris::actors
