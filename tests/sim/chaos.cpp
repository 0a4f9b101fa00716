#include "tests/sim/chaos.hpp"

#include "actors/verify.hpp"

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// A device of the workload, and what it notes in the history.
struct participant {
  std::string label;
  std::unique_ptr<sim_client> client;
};

class storm {
public:
  explicit storm(const chaos_options& options)
    : options_(options), base_(options.seed) {
    base_.here.verbose(options.verbose);
    random().next();
    make_participants();
  }

  outcome run() {
    for (auto& x : participants_)
      x.client->start();
    auto end = base_.here.steady_now() + options_.storm;
    while (base_.here.steady_now() < end) {
      base_.here.run(std::chrono::milliseconds{1 + random().below(150)});
      act();
      if (random().chance(8))
        disturb();
    }
    calm_down();
    judge();
    return std::move(outcome_);
  }

private:
  random_source& random() { return base_.here.random(); }

  void make_participants() {
    for (const std::string user : {"alice", "bob", "carol", "dave"}) {
      users_.push_back(*user_id::parse(user));
      for (const std::string device : {"phone", "laptop"}) {
        if (device == "laptop" && !random().chance(50))
          continue;
        auto label = user + "/" + device;
        participants_.push_back({label, std::make_unique<sim_client>(
                                          base_.here, base_.node, user, device,
                                          [this, label](client::event x) {
                                            note(label, std::move(x));
                                          })});
      }
    }
  }

  // -- what clients do --------------------------------------------------------

  void act() {
    auto& who = participants_[random().below(participants_.size())];
    auto burst = 1 + random().below(5);
    for (std::uint64_t i = 0; i < burst; ++i) {
      auto what = random().below(100);
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

  std::string body() {
    auto n = random().chance(3) ? random().below(20'000) : random().below(40);
    return std::to_string(next_body_++) + std::string(n, '.');
  }

  void send_to_user(participant& who) {
    const auto& to = users_[random().below(users_.size())];
    auto text = body();
    auto id = who.client->core().send(to, text, base_.here.steady_now());
    if (id)
      history_.submitted(who.label, *id, "to " + to.str(), text);
  }

  void send_to_group(participant& who) {
    const auto& to = groups_[random().below(groups_.size())];
    auto text = body();
    auto id = who.client->core().send(to, text, base_.here.steady_now());
    if (id)
      history_.submitted(who.label, *id, "in " + to.str(), text);
  }

  void create_group(participant& who) {
    std::vector<user_id> members;
    for (const auto& x : users_)
      if (x != who.client->user() && random().chance(60))
        members.push_back(x);
    auto id = who.client->core().create_group("a group", members,
                                              base_.here.steady_now());
    if (!id)
      return;
    auto group = group_conversation(who.client->user(), *id);
    groups_.push_back(group);
    history_.submitted(who.label, *id, "in " + group.str(), "");
  }

  void change_group(participant& who) {
    const auto& in = groups_[random().below(groups_.size())];
    std::vector<user_id> one{users_[random().below(users_.size())]};
    auto now = base_.here.steady_now();
    auto& core = who.client->core();
    auto pick = random().below(5);
    auto id = pick < 2   ? core.add(in, one, now)
              : pick < 4 ? core.remove(in, one, now)
                         : core.leave(in, now);
    if (id)
      history_.submitted(who.label, *id, "in " + in.str(), "");
  }

  void note(const std::string& who, client::event what) {
    if (auto* x = std::get_if<client::message>(&what)) {
      history_.received(who, x->offset, x->item);
      base_.here.trace(who + " got " + std::to_string(x->offset.value) + " "
                       + x->item.id.str());
    } else if (auto* s = std::get_if<protocol::sent>(&what)) {
      history_.answered(who, *s);
      base_.here.trace(who + " sent " + s->id.str() + " as "
                       + std::to_string(s->seq.value));
    } else if (auto* f = std::get_if<client::failed>(&what)) {
      history_.refused(who, f->id, f->why.code);
      base_.here.trace(who + " refused " + f->id.str() + " "
                       + to_string(f->why));
    } else if (auto* d = std::get_if<client::disconnected>(&what)) {
      base_.here.trace(who + " lost the node: " + to_string(d->reason));
    } else if (auto* p = std::get_if<client::protocol_error>(&what)) {
      problem(who + " got nonsense from the node: " + to_string(p->what));
    } else if (auto* e = std::get_if<client::stopped>(&what)) {
      problem(who + " gave up: " + to_string(e->reason));
    } else if (std::get_if<client::skipped>(&what)) {
      problem(who + " was told that entries are gone");
    }
  }

  // -- what goes wrong --------------------------------------------------------

  void disturb() {
    auto what = random().below(10);
    auto& victim = participants_[random().below(participants_.size())];
    if (what < 5) {
      ++outcome_.cuts;
      victim.client->cut();
    } else if (what < 7) {
      ++outcome_.stalls;
      victim.client->stall(random().chance(60));
    } else if (base_.node.running()) {
      ++outcome_.crashes;
      base_.here.trace("the power fails");
      base_.node.crash();
      base_.here.after(std::chrono::milliseconds{random().below(3000)},
                       [this] { restart(); });
    }
  }

  void restart() {
    if (base_.node.running())
      return;
    base_.here.trace("the node starts");
    if (auto started = base_.node.start(); !started)
      problem("the node did not start: " + to_string(started.failure()));
  }

  void calm_down() {
    base_.here.run(3s);
    restart();
    for (auto& x : participants_)
      x.client->stall(false);
    base_.here.run(options_.calm);
  }

  // -- the verdict ------------------------------------------------------------

  void judge() {
    for (auto& x : history_.judge())
      problem(x);
    judge_devices();
    judge_store();
    outcome_.seed = options_.seed;
    outcome_.trace_hash = base_.here.trace_hash();
    outcome_.virtual_time = base_.here.steady_now();
    outcome_.acknowledged = history_.acknowledged();
    outcome_.delivered = history_.delivered();
  }

  /// All devices of a user have got equally far.
  void judge_devices() {
    std::map<user_id, inbox_offset> heads;
    for (auto& x : participants_) {
      auto at = x.client->core().position();
      auto [i, first] = heads.try_emplace(x.client->user(), at);
      if (!first && i->second != at)
        problem("I4: " + x.label + " is at offset " + std::to_string(at.value)
                + ", another device at " + std::to_string(i->second.value));
    }
  }

  void judge_store() {
    if (base_.node.running())
      base_.node.crash();
    restart();
    base_.here.run(2s);
    auto checked = base_.node.verify(
      [this](const std::string& what) { problem("I11: " + what); });
    if (!checked)
      problem("I11: " + to_string(checked.failure()));
  }

  void problem(std::string what) {
    base_.here.trace(what);
    outcome_.problems.push_back(std::move(what));
  }

  const chaos_options options_;
  one_node base_;
  outcome outcome_;
  history history_;
  std::vector<user_id> users_;
  std::vector<conversation_id> groups_;
  std::vector<participant> participants_;
  std::uint64_t next_body_ = 1;
};

} // namespace

outcome run_chaos(const chaos_options& options) {
  return storm{options}.run();
}

} // namespace iris::sim
