#include "tests/sim/history.hpp"

#include <algorithm>

namespace iris::sim {

namespace {

std::string text(const protocol::item& x) {
  return "message " + x.id.str() + " (sequence " + std::to_string(x.seq.value)
         + " of " + x.conversation.str().substr(0, 8) + ")";
}

} // namespace

void history::submitted(const device& by, const message_id& id,
                        const std::string& conversation_label,
                        const std::string& body) {
  submissions_[id] = {by, conversation_label, body, submissions_made_++, false};
}

void history::answered(const device&, const protocol::sent& what) {
  answers_[what.id].push_back(what);
  auto& known = told_[what.conversation];
  known = std::max(known, what.seq);
}

void history::refused(const device&, const message_id& id, errc why) {
  refusals_[id] = why;
}

void history::received(const device& by, inbox_offset at,
                       const protocol::item& what) {
  ++delivered_;
  in_groups_ += !what.to;
  auto& list = arrivals_[by];
  if (list.empty() || at > list.back().at || !restarted_.contains(by)) {
    restarted_.erase(by);
    return list.push_back({at, what});
  }
  auto before = std::find_if(list.begin(), list.end(),
                             [&](const arrival& x) { return x.at == at; });
  if (before == list.end() || !(before->item == what))
    shown_again_.push_back("I4: " + by + " was shown another " + text(what)
                           + " at offset " + std::to_string(at.value)
                           + " when it started again");
}

void history::asked(const device& by, std::uint64_t n,
                    const conversation_id& about) {
  asked_[{by, n}] = told_[about];
}

/// I12: whoever asks is told of all that anybody had been told before.
void history::told(const device& by, const protocol::history_page& what) {
  ++reads_;
  auto least = asked_.at({by, what.n});
  if (what.head < least)
    stale_.push_back("I12: " + by + " was told that "
                     + what.conversation.str().substr(0, 8) + " ends at "
                     + std::to_string(what.head.value) + ", when "
                     + std::to_string(least.value) + " was known");
  auto& known = told_[what.conversation];
  known = std::max(known, what.head);
}

void history::restarted(const device& by) {
  restarted_.insert(by);
  for (auto& x : submissions_)
    if (x.second.by == by && !answers_.contains(x.first))
      x.second.forgotten = true;
}

std::vector<std::string> history::judge() const {
  auto out = shown_again_;
  out.insert(out.end(), stale_.begin(), stale_.end());
  judge_answers(out);
  judge_order(out);
  judge_inboxes(out);
  judge_arrival(out);
  judge_senders(out);
  judge_members(out);
  return out;
}

/// I2: one effect for an id, whatever was repeated; what was taken is
/// answered. I12: what was refused for good was never taken.
void history::judge_answers(problems& out) const {
  for (const auto& [id, all] : answers_)
    for (const auto& x : all)
      if (x.seq != all[0].seq || x.conversation != all[0].conversation
          || x.at != all[0].at)
        out.push_back("I2: " + id.str() + " got two different answers");
  for (const auto& [id, x] : submissions_)
    if (!answers_.contains(id) && !refusals_.contains(id) && !x.forgotten)
      out.push_back("I9: " + id.str() + " of " + x.by + " has no answer");
  std::set<message_id> taken;
  for (const auto& x : answers_)
    taken.insert(x.first);
  // Of who was no member an earlier attempt may come when it is one.
  for (const auto& [who, list] : arrivals_)
    for (const auto& x : list)
      if (auto why = refusals_.find(x.item.id);
          why != refusals_.end() && why->second != errc::not_a_member)
        taken.insert(x.item.id);
  for (const auto& [id, why] : refusals_)
    if (taken.contains(id))
      out.push_back("I12: " + id.str() + " was taken, and refused for good: "
                    + std::string{to_string(why)});
}

/// I3: every device sees a conversation in sequence, and the same thing at
/// the same place.
void history::judge_order(problems& out) const {
  std::map<std::pair<conversation_id, sequence>, const protocol::item*> places;
  std::map<message_id, const protocol::item*> by_id;
  for (const auto& [who, list] : arrivals_) {
    std::map<conversation_id, sequence> last;
    for (const auto& x : list) {
      auto& before = last[x.item.conversation];
      if (x.item.seq <= before)
        out.push_back("I3: " + who + " saw " + text(x.item) + " behind "
                      + std::to_string(before.value));
      // Both users of a 1:1 conversation get all of it.
      else if (x.item.to && before.value > 0 && x.item.seq != before.next())
        out.push_back("I3: " + who + " saw " + text(x.item) + " right behind "
                      + std::to_string(before.value));
      before = x.item.seq;
      auto place =
        places.try_emplace({x.item.conversation, x.item.seq}, &x.item)
          .first->second;
      if (!(*place == x.item))
        out.push_back("I3: " + who + " saw another " + text(x.item));
      auto same = by_id.try_emplace(x.item.id, &x.item).first->second;
      if (same->seq != x.item.seq || same->conversation != x.item.conversation)
        out.push_back("I2: " + text(x.item) + " stands twice");
    }
  }
}

/// I4: offsets without gaps, the same for all devices of a user.
void history::judge_inboxes(problems& out) const {
  std::map<std::pair<std::string, inbox_offset>, message_id> places;
  for (const auto& [who, list] : arrivals_) {
    inbox_offset expected{1};
    for (const auto& x : list) {
      if (x.at != expected)
        out.push_back("I4: " + who + " got offset " + std::to_string(x.at.value)
                      + ", expected " + std::to_string(expected.value));
      expected = x.at.next();
      auto id = places.try_emplace({user_of(who), x.at}, x.item.id).first;
      if (id->second != x.item.id)
        out.push_back("I4: devices of " + user_of(who) + " differ at offset "
                      + std::to_string(x.at.value));
    }
  }
}

/// I1: what was acknowledged is with every device of the sender and, in a 1:1
/// conversation, of the other; with the body that was sent.
void history::judge_arrival(problems& out) const {
  std::map<device, std::map<message_id, const protocol::item*>> seen;
  for (const auto& [who, list] : arrivals_)
    for (const auto& x : list)
      seen[who][x.item.id] = &x.item;
  for (const auto& [id, all] : answers_) {
    const auto& made = submissions_.at(id);
    for (const auto& [who, items] : seen) {
      auto found = items.find(id);
      auto concerned =
        user_of(who) == user_of(made.by) || made.label == "to " + user_of(who);
      if (found == items.end()) {
        if (concerned)
          out.push_back("I1: " + who + " never saw " + id.str()
                        + ", acknowledged to " + made.by);
        continue;
      }
      if (found->second->seq != all[0].seq || found->second->body != made.body)
        out.push_back("I1: " + who + " saw " + text(*found->second)
                      + " differently from what was acknowledged");
    }
  }
}

/// M3: what a device sent to one conversation stands in the order it sent it.
void history::judge_senders(problems& out) const {
  std::map<std::pair<device, std::string>,
           std::vector<std::pair<std::size_t, sequence>>>
    sent;
  for (const auto& [id, all] : answers_) {
    const auto& made = submissions_.at(id);
    sent[{made.by, made.label}].push_back({made.order, all[0].seq});
  }
  for (auto& [key, list] : sent) {
    std::sort(list.begin(), list.end());
    for (std::size_t i = 1; i < list.size(); ++i)
      if (list[i].second <= list[i - 1].second)
        out.push_back("I3: " + key.first + " " + key.second + ": sequence "
                      + std::to_string(list[i].second.value)
                      + " was sent behind "
                      + std::to_string(list[i - 1].second.value));
  }
}

/// I5: in a group, a member gets all between joining and leaving, and nothing
/// else. Joins and leaves are items themselves.
void history::judge_members(problems& out) const {
  std::map<conversation_id, std::map<sequence, const protocol::item*>> logs;
  for (const auto& [who, list] : arrivals_)
    for (const auto& x : list)
      if (!x.item.to)
        logs[x.item.conversation][x.item.seq] = &x.item;
  for (const auto& [who, list] : arrivals_) {
    std::map<conversation_id, std::set<sequence>> got;
    for (const auto& x : list)
      if (!x.item.to)
        got[x.item.conversation].insert(x.item.seq);
    auto me = *user_id::parse(user_of(who));
    for (const auto& [conversation, log] : logs) {
      auto member = false;
      for (const auto& [seq, item] : log) {
        auto named = std::find(item->members.begin(), item->members.end(), me)
                     != item->members.end();
        auto before = member;
        if (item->kind == protocol::item_kind::group_created)
          member = named || item->from == me;
        else if (item->kind == protocol::item_kind::members_added && named)
          member = true;
        else if ((item->kind == protocol::item_kind::members_removed && named)
                 || (item->kind == protocol::item_kind::member_left
                     && item->from == me))
          member = false;
        auto entitled = before || member;
        if (got[conversation].contains(seq) != entitled)
          out.push_back("I5: " + who + (entitled ? " missed " : " was shown ")
                        + text(*item));
      }
    }
  }
}

} // namespace iris::sim
