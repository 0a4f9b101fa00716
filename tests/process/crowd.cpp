#include "tests/process/crowd.hpp"

#include "tests/process/looks.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace iris::process {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t groups_made = 3;
constexpr std::size_t witnesses = 2;

} // namespace

crowd::crowd(const venue& to, const crowd_options& with)
  : at_(to), options_(with), random_(with.seed) {
  for (const auto* user : {"alice", "bob", "carol", "dave", "erin"})
    users_.push_back(*user_id::parse(user));
  for (const auto* name : {"phone", "laptop"})
    for (const auto& user : users_)
      add_device(user, name);
  for (std::size_t i = 0; i < witnesses; ++i)
    add_device(users_[i], "witness").witness = true;
}

crowd::~crowd() = default;

crowd::device& crowd::add_device(const user_id& of, const std::string& name) {
  auto& out = *devices_.emplace_back(std::make_unique<device>());
  out.label = of.str() + "/" + name;
  out.user = of;
  out.transport = transports[devices_.size() % transports.size()];
  client::options with;
  with.endpoints = at_.urls(out.transport);
  with.device = *device_id::parse(name);
  with.token = [this, of] { return at_.token(of); };
  with.backoff_base = 10ms;
  with.backoff_max = 200ms;
  out.connection = std::make_unique<client::client>(
    io_, with, [this, &out](client::event x) { note(out, std::move(x)); },
    at_.trust());
  return out;
}

// -- what happens -------------------------------------------------------------

void crowd::begin() {
  for (auto& x : devices_)
    x->connection->start();
  run_until([this] { return everybody([](auto& x) { return x.live; }); });
  for (auto& x : devices_)
    if (x->witness) {
      x->connection->stop();
      x->away = true;
    }
  await_departures();
  for (std::size_t i = 0; i < groups_made; ++i) {
    auto& owner = *devices_[i];
    auto id = owner.connection->create_group("a group", users_);
    if (!id) {
      problem(owner.label + " can't make a group: " + to_string(id.failure()));
      continue;
    }
    ++counts_.submitted;
    groups_.push_back({group_conversation(owner.user, *id), &owner, {}});
    history_.submitted(owner.label, *id, "in " + groups_.back().id.str(), "");
    audiences_[*id] = users_;
  }
  settle();
}

/// Until the node has seen it, it writes to those who are gone.
void crowd::await_departures() {
  auto left = static_cast<double>(devices_.size() - witnesses);
  run_until([this, left] {
    boost::asio::post(io_, [] {}); // Look again.
    return at_.connections() == left;
  });
}

void crowd::load() {
  loading_ = true;
  for (auto& x : devices_)
    if (!x->away)
      keep_busy(*x);
}

std::map<message_id, conversation_id> crowd::write_to_all() {
  std::map<message_id, conversation_id> out;
  for (std::size_t i = 0; i < users_.size(); ++i)
    for (const auto& to : users_)
      if (auto id = send_to_user(*devices_[i], to))
        out[*id] = direct_conversation(users_[i], to);
  return out;
}

bool crowd::settle() {
  loading_ = false;
  // Behind it in its group there is nothing: with it, all is there.
  for (auto& x : groups_) {
    if (x.absent)
      change_members(x);
    send(*x.owner, x.id, "in " + x.id.str(), users_);
  }
  return run_until([this] {
    return everybody([](const device& x) {
      return x.owed.empty() && x.connection->unanswered() == 0;
    });
  });
}

bool crowd::call_witnesses() {
  for (auto& x : devices_)
    if (x->witness) {
      x->live = x->away = false;
      x->connection->start();
    }
  return run_until([this] {
    return everybody([](auto& x) { return x.live && x.owed.empty(); });
  });
}

void crowd::fence() {
  for (auto& x : devices_) {
    x->answers = 0;
    if (x->away)
      continue;
    if (auto asked = x->connection->devices(); !asked)
      problem(x->label + " can't ask: " + to_string(asked.failure()));
  }
  run_until(
    [this] { return everybody([](auto& x) { return x.answers == 1; }); });
}

void crowd::expect(const message_id& id, const std::vector<user_id>& users) {
  for (auto& x : devices_)
    if (std::find(users.begin(), users.end(), x->user) != users.end()
        && !x->seen.contains(id))
      x->owed.insert(id);
}

bool crowd::run_until(const std::function<bool()>& done) {
  auto in_time = client::run_until(io_, done, enough);
  if (!in_time)
    problem("what was waited for did not happen in "
            + std::to_string(enough.count()) + " s");
  return in_time;
}

bool crowd::everybody(const std::function<bool(const device&)>& is) const {
  return std::all_of(devices_.begin(), devices_.end(),
                     [&](const auto& x) { return x->away || is(*x); });
}

// -- the load -----------------------------------------------------------------

void crowd::keep_busy(device& who) {
  while (loading_ && who.connection->unanswered() < options_.window)
    act(who);
}

void crowd::act(device& who) {
  auto what = random_.below(100);
  auto owned = std::find_if(groups_.begin(), groups_.end(),
                            [&](const group& x) { return x.owner == &who; });
  if (options_.churn && what < 3 && owned != groups_.end())
    change_members(*owned);
  else if (what < 30)
    send_to_group(who);
  else
    send_to_user(who);
}

void crowd::send_to_user(device& who) {
  send_to_user(who, users_[random_.below(users_.size())]);
}

std::optional<message_id> crowd::send_to_user(device& who, const user_id& to) {
  return send(who, to, "to " + to.str(), {who.user, to});
}

void crowd::send_to_group(device& who) {
  const auto& to = groups_[random_.below(groups_.size())].id;
  // Who is a member then, only the items can tell: history judges that.
  send(who, to, "in " + to.str(), {who.user});
}

template <class To>
std::optional<message_id> crowd::send(device& who, const To& to,
                                      const std::string& label,
                                      std::vector<user_id> audience) {
  auto filler = random_.chance(3) ? random_.below(20'000) : random_.below(200);
  auto body = std::to_string(next_body_++) + std::string(filler, '.');
  auto id = who.connection->send(to, body);
  if (!id) {
    problem(who.label + " can't send: " + to_string(id.failure()));
    return {};
  }
  ++counts_.submitted;
  history_.submitted(who.label, *id, label, body);
  audiences_[*id] = std::move(audience);
  sent_at_[*id] = now();
  return *id;
}

void crowd::change_members(group& in) {
  auto& who = *in.owner;
  auto back = in.absent.has_value();
  if (!back) {
    auto other = users_[random_.below(users_.size())];
    if (other == who.user)
      return send_to_user(who);
    in.absent = other;
  }
  auto& link = *who.connection;
  auto id =
    back ? link.add(in.id, {*in.absent}) : link.remove(in.id, {*in.absent});
  if (back)
    in.absent.reset();
  if (!id)
    return problem(who.label + " can't change: " + to_string(id.failure()));
  ++counts_.submitted;
  history_.submitted(who.label, *id, "in " + in.id.str(), "");
  audiences_[*id] = {who.user};
}

// -- what the clients see -----------------------------------------------------

void crowd::note(device& who, client::event what) {
  if (auto* x = std::get_if<client::message>(&what)) {
    ++counts_.received;
    who.seen.insert(x->item.id);
    who.owed.erase(x->item.id);
    history_.received(who.label, x->offset, x->item);
  } else if (auto* s = std::get_if<protocol::sent>(&what)) {
    ++counts_.acknowledged;
    counts_.duplicate += s->duplicate;
    history_.answered(who.label, *s);
    if (auto sent = sent_at_.extract(s->id))
      delays_.push_back(now() - sent.mapped());
    expect(s->id, audiences_[s->id]);
    audiences_.erase(s->id);
    keep_busy(who);
  } else if (auto* f = std::get_if<client::failed>(&what)) {
    ++counts_.refused;
    history_.refused(who.label, f->id, f->why.code);
    audiences_.erase(f->id);
    // Only who is out of a group has to expect it.
    if (f->why.code != errc::not_a_member)
      problem(who.label + " was refused: " + to_string(f->why));
    keep_busy(who);
  } else if (auto* l = std::get_if<client::delayed>(&what)) {
    ++counts_.delayed;
    counts_.no_room += l->why.code == errc::storage_full;
  } else if (std::holds_alternative<protocol::live>(what)) {
    who.live = true;
  } else if (std::holds_alternative<protocol::device_list>(what)) {
    ++who.answers;
  } else if (auto* d = std::get_if<client::disconnected>(&what)) {
    who.losses.push_back(d->reason);
  } else if (auto* p = std::get_if<client::protocol_error>(&what)) {
    problem(who.label + " got nonsense from the node: " + to_string(p->what));
  } else if (auto* e = std::get_if<client::stopped>(&what)) {
    problem(who.label + " gave up: " + to_string(e->reason));
  } else if (std::holds_alternative<client::skipped>(what)) {
    problem(who.label + " was told that entries are gone");
  }
}

std::vector<std::chrono::nanoseconds> crowd::take_delays() {
  sent_at_.clear();
  return std::exchange(delays_, {});
}

std::vector<message_id> crowd::unanswered() const {
  std::vector<message_id> out;
  for (const auto& x : audiences_)
    out.push_back(x.first);
  return out;
}

bool crowd::answered(const std::vector<message_id>& all) const {
  return std::all_of(all.begin(), all.end(),
                     [this](const auto& x) { return answered(x); });
}

std::vector<std::string> crowd::judge() const {
  auto out = problems_;
  for (auto& x : history_.judge())
    out.push_back(std::move(x));
  std::map<user_id, inbox_offset> heads;
  for (const auto& x : devices_) {
    auto at = x->connection->position();
    auto head = heads.try_emplace(x->user, at).first->second;
    if (at != head)
      out.push_back("I4: " + x->label + " is at offset "
                    + std::to_string(at.value) + ", another device at "
                    + std::to_string(head.value));
    if (x->seen.empty())
      out.push_back("I1: " + x->label + " saw nothing at all");
    if (!x->owed.empty())
      out.push_back("I1: " + x->label + " still waits for "
                    + std::to_string(x->owed.size()) + " messages, first "
                    + x->owed.begin()->str());
  }
  return out;
}

} // namespace iris::process
