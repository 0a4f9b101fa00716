#include "tests/sim/crowd.hpp"

#include <algorithm>
#include <map>

namespace iris::sim {

namespace {

std::string names(const std::vector<user_id>& list) {
  std::string out;
  for (const auto& x : list)
    out += (out.empty() ? "" : ", ") + x.str();
  return out.empty() ? "nobody" : out;
}

} // namespace

crowd::crowd(world& in, std::vector<sim_node*> nodes, const options& with,
             verdict& to)
  : world_(in), nodes_(std::move(nodes)), options_(with), verdict_(to) {
  const std::vector<std::string> all{"alice", "bob", "carol", "dave"};
  for (std::size_t i = 0; i < std::min(all.size(), options_.users); ++i) {
    users_.push_back(*user_id::parse(all[i]));
    for (const std::string device : {"phone", "laptop"})
      if (device == "phone" || random().chance(50))
        add(all[i], device);
  }
  talkers_ = participants_.size();
  for (std::size_t i = 0; i < options_.guests; ++i)
    add("guest" + std::to_string(i), "phone");
}

void crowd::add(const std::string& user, const std::string& device) {
  auto label = user + "/" + device;
  participants_.push_back(
    {label, std::make_unique<sim_client>(
              world_, reachable(), user, device,
              [this, label](client::event x) { note(label, std::move(x)); })});
}

/// Half of the devices know one node only, if it can be.
std::vector<sim_node*> crowd::reachable() {
  const auto& steady = options_.steady;
  if (nodes_.size() == 1 || random().chance(50) || steady.empty())
    return nodes_;
  return {steady[random().below(steady.size())]};
}

void crowd::start() {
  for (auto& x : participants_)
    x.client->start();
}

// -- what they do -------------------------------------------------------------

void crowd::start_again(participant& who) {
  std::optional<inbox_offset> at;
  // 0 may be that it doesn't know yet, after a start like this.
  if (auto has = who.client->core().position();
      random().chance(50) && has.value > 0)
    at = has;
  world_.trace(who.label + " starts again at "
               + (at ? std::to_string(at->value) : "what it acknowledged"));
  history_.restarted(who.label);
  who.client->restart(at);
}

bool crowd::all_there() {
  return std::all_of(participants_.begin(), participants_.end(),
                     [](const auto& x) {
                       return x.client->core().state() == client::state::open;
                     });
}

void crowd::flush() {
  for (auto& x : participants_)
    x.client->flush();
}

void crowd::act() {
  auto& who = participants_[random().below(talkers_)];
  auto burst = 1 + random().below(options_.burst_max);
  for (std::uint64_t i = 0; i < burst; ++i) {
    auto what = random().below(100);
    if (nodes_.size() > 1 && random().chance(10))
      look(participants_[random().below(talkers_)]);
    if (what < 60 || groups_.empty())
      send_to_user(who);
    else if (what < 88)
      send_to_group(who);
    else
      change_group(who);
  }
  if (groups_.size() < 3 && random().chance(5))
    create_group(who);
}

std::string crowd::body() {
  auto n = random().chance(3) ? random().below(20'000) : random().below(40);
  return std::to_string(next_body_++) + std::string(n, '.');
}

void crowd::send_to_user(participant& who) {
  send(who, users_[random().below(users_.size())]);
}

void crowd::send(participant& who, const user_id& to) {
  auto text = body();
  auto id = who.client->core().send(to, text, world_.steady_now());
  if (id)
    submitted(who, *id, "to " + to.str(), text);
}

void crowd::all_to_all(const sim_node* but_at) {
  for (auto& x : participants_)
    if (!but_at || x.client->at() != but_at)
      for (const auto& to : users_)
        send(x, to);
}

void crowd::ask(participant& who, const user_id& about) {
  for (const auto& other : users_) {
    protocol::roster what;
    what.conversation = direct_conversation(about, other);
    static_cast<void>(who.client->core().ask(what, world_.steady_now()));
  }
  who.client->flush();
}

void crowd::look(participant& who) {
  for (const auto& other : users_) {
    protocol::history what;
    what.conversation = direct_conversation(who.client->user(), other);
    what.from = {1};
    what.limit = 1;
    if (auto n = who.client->core().ask(what, world_.steady_now()))
      history_.asked(who.label, *n, what.conversation);
  }
  who.client->flush();
}

void crowd::send_to_group(participant& who) {
  const auto& to = groups_[random().below(groups_.size())];
  auto text = body();
  auto id = who.client->core().send(to, text, world_.steady_now());
  if (id)
    submitted(who, *id, "in " + to.str(), text);
}

void crowd::submitted(const participant& who, const message_id& id,
                      const std::string& where, const std::string& text) {
  history_.submitted(who.label, id, where, text);
  world_.trace(who.label + " submits " + id.str() + " " + where + ": "
               + text.substr(0, text.find('.')) + " ("
               + std::to_string(text.size()) + " bytes)");
}

void crowd::create_group(participant& who) {
  std::vector<user_id> members;
  for (const auto& x : users_)
    if (x != who.client->user() && random().chance(60))
      members.push_back(x);
  auto id =
    who.client->core().create_group("a group", members, world_.steady_now());
  if (!id)
    return;
  auto group = group_conversation(who.client->user(), *id);
  groups_.push_back(group);
  history_.submitted(who.label, *id, "in " + group.str(), "");
  world_.trace(who.label + " creates " + group.str() + " with "
               + names(members));
}

void crowd::change_group(participant& who) {
  const auto& in = groups_[random().below(groups_.size())];
  std::vector<user_id> one{users_[random().below(users_.size())]};
  auto now = world_.steady_now();
  auto& core = who.client->core();
  auto pick = random().below(5);
  auto id = pick < 2   ? core.add(in, one, now)
            : pick < 4 ? core.remove(in, one, now)
                       : core.leave(in, now);
  if (!id)
    return;
  history_.submitted(who.label, *id, "in " + in.str(), "");
  auto what = pick < 2   ? "adds " + names(one) + " to "
              : pick < 4 ? "removes " + names(one) + " from "
                         : std::string{"leaves "};
  world_.trace(who.label + " " + what + in.str() + " by " + id->str());
}

void crowd::note(const std::string& who, client::event what) {
  if (auto* x = std::get_if<client::message>(&what)) {
    history_.received(who, x->offset, x->item);
    world_.trace(who + " got " + std::to_string(x->offset.value) + " "
                 + x->item.id.str());
  } else if (auto* s = std::get_if<protocol::sent>(&what)) {
    history_.answered(who, *s);
    world_.trace(who + " sent " + s->id.str() + " as "
                 + std::to_string(s->seq.value));
  } else if (auto* h = std::get_if<protocol::history_page>(&what)) {
    history_.told(who, *h);
    world_.trace(who + " is told that " + h->conversation.str().substr(0, 8)
                 + " ends at " + std::to_string(h->head.value));
  } else if (auto* f = std::get_if<client::failed>(&what)) {
    history_.refused(who, f->id, f->why.code);
    // None is ever made so long before.
    if (f->why.code == errc::id_too_old)
      verdict_.problem("I2: " + who + " was told that " + f->id.str()
                       + " is forgotten");
    world_.trace(who + " refused " + f->id.str() + " " + to_string(f->why));
  } else if (auto* d = std::get_if<client::disconnected>(&what)) {
    world_.trace(who + " lost the node: " + to_string(d->reason));
    expect_patience(who, d->reason);
  } else if (auto* w = std::get_if<client::delayed>(&what)) {
    world_.trace(who + " waits with " + w->id.str() + ": " + to_string(w->why));
    expect_patience(who, w->why);
  } else if (auto* p = std::get_if<client::protocol_error>(&what)) {
    verdict_.problem("I12: " + who
                     + " was told nonsense: " + to_string(p->what));
  } else if (auto* e = std::get_if<client::stopped>(&what)) {
    verdict_.problem("I9: " + who + " gave up: " + to_string(e->reason));
  } else if (std::get_if<client::skipped>(&what)) {
    verdict_.problem("I7: " + who + " was told that entries are gone");
  }
}

/// I8: while nothing is wrong, the node refuses in so many words what it
/// has no room for; it never keeps anybody waiting for nothing.
void crowd::expect_patience(const std::string& who, const error& why) {
  if (!quiet_)
    return;
  verdict_.checked(8);
  if (why.code == errc::timed_out || why.code == errc::deadline_exceeded)
    verdict_.problem("I8: " + who + " waited for nothing: " + to_string(why));
}

// -- the verdict --------------------------------------------------------------

void crowd::judge() {
  for (auto& x : history_.judge())
    verdict_.problem(x);
}

void crowd::judge_devices() {
  std::map<user_id, inbox_offset> heads;
  for (auto& x : participants_) {
    auto at = x.client->core().position();
    auto [i, first] = heads.try_emplace(x.client->user(), at);
    if (!first && i->second != at)
      verdict_.problem("I4: " + x.label + " is at offset "
                       + std::to_string(at.value) + ", another device at "
                       + std::to_string(i->second.value));
  }
}

void crowd::count_checks() {
  auto answers = history_.acknowledged(), items = history_.delivered();
  verdict_.found.acknowledged = answers;
  verdict_.found.delivered = items;
  for (std::size_t i : {1, 2})
    verdict_.checked(i, answers);
  for (std::size_t i : {3, 4})
    verdict_.checked(i, items);
  verdict_.checked(12, items + history_.reads());
  verdict_.checked(5, history_.delivered_in_groups());
  verdict_.checked(9, history_.submissions());
}

} // namespace iris::sim
