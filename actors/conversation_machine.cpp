#include "actors/conversation_machine.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"
#include "base/hash.hpp"
#include "protocol/codec.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

using persistence::writes;
using protocol::item_kind;
using protocol::role;

/// How far a client's clock may be ahead.
constexpr std::int64_t future_ms_max = 60 * 60 * 1000;

/// Everything that a retry has to repeat. `after` and the trace are about
/// this attempt, not about the message.
std::uint64_t content_of(const submission& what) {
  std::string bytes;
  encoder out{bytes};
  out.u8(static_cast<std::uint8_t>(what.kind)).bytes(what.body);
  out.bytes(what.title);
  for (const auto& x : what.users)
    out.bytes(x.str());
  return hash64(bytes);
}

} // namespace

conversation_machine::conversation_machine(conversation_id id, keyring keys,
                                           conversation_options options,
                                           std::uint16_t shards)
  : id_(id), keys_(std::move(keys)), options_(options), shards_(shards),
    tail_(options.tail_bytes_max) {
  // nop
}

void conversation_machine::load(conversation_state from) {
  about_ = std::move(from.about);
  roster_ = std::move(from.roster);
  cursors_ = from.cursors;
  // A cursor is stored late; without one, all may have to be sent again.
  for (const auto& [user, x] : roster_) {
    auto start = x.intervals.front().since.previous();
    auto [i, added] = cursors_.try_emplace(home_of(user), start);
    if (!added && !from.cursors.contains(i->first))
      i->second = std::min(i->second, start);
  }
  // What retention removed had been delivered, even if no cursor says so.
  for (auto& x : cursors_)
    x.second = std::max(x.second, sequence{from.floor.position});
  stored_cursors_ = std::move(from.cursors);
  ids_.load(std::move(from.newest_ids), from.all_ids);
  forgotten_ = from.forgotten;
  floor_ = from.floor;
  head_ = from.head;
  last_at_ = from.last_at;
  tail_.restart(head_.value);
}

// -- submissions --------------------------------------------------------------

conversation_machine::decision
conversation_machine::submit(const author& who, const submission& what,
                             timestamp now, writes& out) {
  auto decided = decide(who, what, now, out);
  if (!std::holds_alternative<lookup>(decided))
    ids_.forget_lookups();
  return decided;
}

conversation_machine::decision
conversation_machine::decide(const author& who, const submission& what,
                             timestamp now, writes& out) {
  if (auto refused = refuse_id(what, now))
    return refused;
  if (auto settled = settle_duplicate(who, what))
    return *settled;
  if (auto settled = settle_order(who, what, now))
    return *settled;
  if (auto refused = about_ ? admit(who, what) : create(who, what, out))
    return refused;
  if (what.kind != item_kind::message && what.kind != item_kind::group_created)
    if (auto refused = change_members(who, what, out))
      return refused;
  return append(who, what, now, out);
}

error conversation_machine::refuse_id(const submission& what,
                                      timestamp now) const {
  auto age = now.ms - time_of(what.id).ms;
  if (too_old(what.id, now))
    return {errc::id_too_old,
            "the id was made " + std::to_string(age / 1000)
              + " s ago, expected at most "
              + std::to_string(options_.idempotency_window.count() / 1000)
              + " s, and nothing that was forgotten"};
  if (-age > future_ms_max)
    return {errc::id_in_future, "the id's time is "
                                  + std::to_string(-age / 1000)
                                  + " s ahead, expected at most "
                                  + std::to_string(future_ms_max / 1000)
                                  + " s: use the node's time from `welcome`"};
  return {};
}

bool conversation_machine::too_old(const message_id& id, timestamp now) const {
  return time_of(id) <= forgotten_
         || now.ms - time_of(id).ms > options_.idempotency_window.count();
}

std::optional<conversation_machine::decision>
conversation_machine::settle_duplicate(const author& who,
                                       const submission& what) {
  dedup_index::key key{what.id, who.user};
  auto [answer, found] = ids_.find(key);
  switch (answer) {
  case dedup_index::answer::fresh:
    return std::nullopt;
  case dedup_index::answer::unknown:
    return lookup{key};
  case dedup_index::answer::known:
    break;
  }
  if (found.content != content_of(what))
    return error{errc::id_reused,
                 "this id was used for another content, expected a new id "
                 "for each message"};
  return accepted{{what.id, id_, found.seq, found.at, true}, nullptr};
}

std::optional<conversation_machine::decision>
conversation_machine::settle_order(const author& who, const submission& what,
                                   timestamp now) {
  // What is beyond the window can't be sent any more: it went before, or never.
  if (!what.after || too_old(*what.after, now))
    return std::nullopt;
  dedup_index::key key{*what.after, who.user};
  auto answer = ids_.find(key).first;
  if (answer == dedup_index::answer::known)
    return std::nullopt;
  if (answer == dedup_index::answer::unknown)
    return lookup{key};
  return error{errc::out_of_order,
               "the message named by `after` is not committed, expected it "
               "to be sent first"};
}

error conversation_machine::admit(const author& who, const submission& what) {
  if (what.kind == item_kind::group_created)
    return {errc::already_exists, "expected a new id for a new group"};
  if (!current_member(who.user))
    return {errc::not_a_member, "expected a member of this conversation"};
  return {};
}

error conversation_machine::create(const author& who, const submission& what,
                                   writes& out) {
  about_record about;
  if (what.to && what.kind == item_kind::message) {
    about.direct = true;
    join(who.user, role::member, head_.next(), out);
    if (*what.to != who.user)
      join(*what.to, role::member, head_.next(), out);
  } else if (what.kind == item_kind::group_created) {
    auto named = std::count(what.users.begin(), what.users.end(), who.user);
    if (what.users.size() + (named == 0 ? 1 : 0) > options_.members_max)
      return {errc::too_many_members, "expected at most "
                                        + std::to_string(options_.members_max)
                                        + " members"};
    about.title = what.title;
    join(who.user, role::owner, head_.next(), out);
    for (const auto& x : what.users)
      if (x != who.user)
        join(x, role::member, head_.next(), out);
  } else {
    // As to any outsider: nobody learns what exists.
    return {errc::not_a_member, "expected a member of this conversation"};
  }
  out.put(keys_.all(record::about), encode(about));
  about_ = std::move(about);
  return {};
}

error conversation_machine::change_members(const author& who,
                                           const submission& what,
                                           writes& out) {
  if (about_->direct)
    return {errc::forbidden, "expected a group: the two members of a 1:1 "
                             "conversation never change"};
  if (what.kind == item_kind::member_left)
    return leave(who, out);
  if (current_member(who.user)->role == role::member)
    return {errc::forbidden, "expected an admin or the owner of the group"};
  return what.kind == item_kind::members_added ? add_members(who, what, out)
                                               : remove_members(who, what, out);
}

error conversation_machine::add_members(const author&, const submission& what,
                                        writes& out) {
  for (const auto& x : what.users)
    if (current_member(x))
      return {errc::already_exists,
              x.str() + " is a member, expected users who are not"};
  if (current_members() + what.users.size() > options_.members_max)
    return {errc::too_many_members, "expected at most "
                                      + std::to_string(options_.members_max)
                                      + " members"};
  for (const auto& x : what.users)
    join(x, role::member, head_.next(), out);
  return {};
}

error conversation_machine::remove_members(const author& who,
                                           const submission& what,
                                           writes& out) {
  for (const auto& x : what.users) {
    const auto* found = current_member(x);
    if (!found)
      return {errc::not_found, x.str() + " is not a member, expected members"};
    if (found->role == role::owner || x == who.user)
      return {errc::forbidden, "expected members other than the owner and "
                               "yourself: leave instead"};
  }
  for (const auto& x : what.users)
    end(x, out);
  return {};
}

error conversation_machine::leave(const author& who, writes& out) {
  auto was_owner = current_member(who.user)->role == role::owner;
  end(who.user, out);
  if (!was_owner)
    return {};
  // An admin follows, else who has been there longest.
  std::pair<const user_id, member_record>* heir = nullptr;
  for (auto& x : roster_) {
    if (!x.second.current())
      continue;
    auto better = [](const member_record& a, const member_record& b) {
      return a.role != b.role ? a.role > b.role : a.since() < b.since();
    };
    if (!heir || better(x.second, heir->second))
      heir = &x;
  }
  if (heir) {
    heir->second.role = role::owner;
    out.put(keys_.of(record::member, heir->first.str()), encode(heir->second));
  }
  return {};
}

void conversation_machine::join(const user_id& who, role as, sequence since,
                                writes& out) {
  auto& entry = roster_[who];
  auto home = home_of(who);
  // Intervals that everybody's shard is past have done their work.
  if (auto i = cursors_.find(home); i != cursors_.end())
    std::erase_if(entry.intervals,
                  [&](const interval& x) { return x.until <= i->second; });
  entry.role = as;
  entry.intervals.push_back({since, {}});
  cursors_.try_emplace(home, since.previous());
  out.put(keys_.of(record::member, who.str()), encode(entry));
}

void conversation_machine::end(const user_id& who, writes& out) {
  auto& entry = roster_.at(who);
  // The item that ends the membership is the last one seen.
  entry.intervals.back().until = head_.next();
  entry.role = role::member;
  out.put(keys_.of(record::member, who.str()), encode(entry));
}

conversation_machine::accepted
conversation_machine::append(const author& who, const submission& what,
                             timestamp now, writes& out) {
  head_ = head_.next();
  last_at_ = std::max(last_at_, now);
  protocol::item item;
  item.conversation = id_;
  item.seq = head_;
  item.at = last_at_;
  item.from = who.user;
  item.device = who.device;
  item.id = what.id;
  item.kind = what.kind;
  item.body = what.body;
  if (about_->direct)
    for (const auto& x : roster_)
      if (x.first != who.user || roster_.size() == 1)
        item.to = x.first;
  item.members = what.users;
  item.title = what.title;
  item.trace = what.trace;
  auto bytes = std::make_shared<std::string>();
  protocol::encode(item, *bytes);

  dedup_record where{head_, last_at_, content_of(what)};
  out.put(keys_.at(record::log, head_.value), *bytes);
  out.put(keys_.dedup(what.id, who.user), encode(where));
  ids_.insert({what.id, who.user}, where);
  tail_.append(bytes);
  return {{what.id, id_, head_, last_at_, false}, std::move(bytes)};
}

void conversation_machine::looked_up(const dedup_index::key& id,
                                     std::optional<dedup_record> found) {
  ids_.looked_up(id, found);
}

void conversation_machine::forget_ids(const std::string& last, writes& out) {
  auto id = keyring::dedup_of(keys_.suffix(last));
  IRIS_ASSERT(id);
  out.erase_range(keys_.all(record::dedup), last + '\0');
  forgotten_ = std::max(forgotten_, time_of(id->first));
  out.put(keys_.all(record::forgotten),
          encode_number(static_cast<std::uint64_t>(forgotten_.ms)));
}

// -- reading ------------------------------------------------------------------

const member_record*
conversation_machine::current_member(const user_id& who) const {
  auto i = roster_.find(who);
  return i != roster_.end() && i->second.current() ? &i->second : nullptr;
}

std::size_t conversation_machine::current_members() const {
  return static_cast<std::size_t>(
    std::count_if(roster_.begin(), roster_.end(),
                  [](const auto& x) { return x.second.current(); }));
}

error conversation_machine::refuse_reader(const user_id& who) const {
  // Outsiders are not told what exists.
  if (!about_ || !current_member(who))
    return {errc::not_a_member, "expected a member of this conversation"};
  return {};
}

sequence conversation_machine::readable_from(const user_id& who) const {
  return std::max(current_member(who)->since(), sequence{floor_.position + 1});
}

protocol::members conversation_machine::members() const {
  protocol::members out;
  out.conversation = id_;
  out.title = about_ ? about_->title : "";
  out.head = head_;
  for (const auto& [user, x] : roster_)
    if (x.current())
      out.list.push_back({user, x.role, x.since()});
  return out;
}

// -- delivery -----------------------------------------------------------------

shard_id conversation_machine::home_of(const user_id& who) const {
  return persistence::shard_of(ref_of(who), shards_);
}

std::vector<std::pair<shard_id, sequence>>
conversation_machine::behind(sequence upto) const {
  std::vector<std::pair<shard_id, sequence>> out;
  for (const auto& x : cursors_)
    if (x.second < upto)
      out.push_back(x);
  return out;
}

std::vector<conversation_machine::recipient>
conversation_machine::recipients(shard_id where, sequence from,
                                 sequence to) const {
  std::vector<recipient> out;
  for (const auto& [user, x] : roster_) {
    if (home_of(user) != where)
      continue;
    for (const auto& i : x.intervals) {
      auto first = std::max(from, i.since);
      auto last = i.until.value == 0 ? to : std::min(to, i.until);
      if (first <= last)
        out.push_back({user, first, last});
    }
  }
  return out;
}

void conversation_machine::delivered(shard_id where, sequence upto) {
  if (auto i = cursors_.find(where); i != cursors_.end())
    i->second = std::max(i->second, upto);
}

void conversation_machine::store_cursors(writes& out) {
  for (const auto& [where, cursor] : cursors_) {
    auto& stored = stored_cursors_[where];
    if (stored != cursor)
      out.put(keys_.fan_out(where), encode_number(cursor.value));
    stored = cursor;
  }
  std::erase_if(roster_, [&](const auto& x) {
    auto gone =
      !x.second.current()
      && x.second.intervals.back().until <= cursors_.at(home_of(x.first));
    if (gone)
      out.erase(keys_.of(record::member, x.first.str()));
    return gone;
  });
}

// -- retention ----------------------------------------------------------------

sequence conversation_machine::removable() const {
  auto out = head_;
  for (const auto& x : cursors_)
    out = std::min(out, x.second);
  return out;
}

void conversation_machine::removed(sequence upto, timestamp at, writes& out) {
  IRIS_ASSERT(upto <= removable());
  // Not from the beginning: tombstones of earlier sweeps may still be there.
  out.erase_range(keys_.at(record::log, floor_.position + 1),
                  keys_.at(record::log, upto.value + 1));
  floor_ = {upto.value, at};
  out.put(keys_.all(record::floor), encode(floor_));
}

} // namespace iris::actors
