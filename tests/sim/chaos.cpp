#include "tests/sim/chaos.hpp"

#include "actors/verify.hpp"
#include "tests/sim/profile.hpp"

#include <algorithm>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// By then what was left to deliver is delivered after a start: before the
/// first sweep, which would do it too.
constexpr auto resumed_within = 4s;

/// A device of the workload, and what it notes in the history.
struct participant {
  std::string label;
  std::unique_ptr<sim_client> client;
};

class storm {
public:
  explicit storm(const chaos_options& options)
    : options_(options), profile_(options.seed),
      base_(
        options.seed, [this](actors::node_options& to) { profile_.apply(to); },
        profile_.store()) {
    base_.here.listen(options.listen);
    base_.here.trace(profile_.str());
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
    start_once_more();
    crash_behind_an_answer();
    crowd_in();
    ask_around();
    judge();
    return std::move(outcome_);
  }

private:
  random_source& random() { return base_.here.random(); }

  void make_participants() {
    for (const std::string user : {"alice", "bob", "carol", "dave"}) {
      users_.push_back(*user_id::parse(user));
      for (const std::string device : {"phone", "laptop"})
        if (device == "phone" || random().chance(50))
          add_participant(user, device);
    }
    talkers_ = participants_.size();
    // Who only listens fills the queues too.
    if (profile_.small_queues)
      for (int i = 0; i < 24; ++i)
        add_participant("guest" + std::to_string(i), "phone");
  }

  void add_participant(const std::string& user, const std::string& device) {
    auto label = user + "/" + device;
    participants_.push_back(
      {label, std::make_unique<sim_client>(base_.here, base_.node, user, device,
                                           [this, label](client::event x) {
                                             note(label, std::move(x));
                                           })});
  }

  // -- what clients do --------------------------------------------------------

  void act() {
    auto& who = participants_[random().below(talkers_)];
    auto burst = 1 + random().below(profile_.busy ? 50 : 5);
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
    send(who, users_[random().below(users_.size())]);
  }

  void send(participant& who, const user_id& to) {
    auto text = body();
    auto id = who.client->core().send(to, text, base_.here.steady_now());
    if (id)
      submitted(who, *id, "to " + to.str(), text);
  }

  void send_to_group(participant& who) {
    const auto& to = groups_[random().below(groups_.size())];
    auto text = body();
    auto id = who.client->core().send(to, text, base_.here.steady_now());
    if (id)
      submitted(who, *id, "in " + to.str(), text);
  }

  void submitted(const participant& who, const message_id& id,
                 const std::string& where, const std::string& text) {
    history_.submitted(who.label, id, where, text);
    base_.here.trace(who.label + " submits " + id.str() + " " + where + ": "
                     + text.substr(0, text.find('.')) + " ("
                     + std::to_string(text.size()) + " bytes)");
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
    base_.here.trace(who.label + " creates " + group.str() + " with "
                     + names(members));
  }

  static std::string names(const std::vector<user_id>& list) {
    std::string out;
    for (const auto& x : list)
      out += (out.empty() ? "" : ", ") + x.str();
    return out.empty() ? "nobody" : out;
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
    if (!id)
      return;
    history_.submitted(who.label, *id, "in " + in.str(), "");
    auto what = pick < 2   ? "adds " + names(one) + " to "
                : pick < 4 ? "removes " + names(one) + " from "
                           : std::string{"leaves "};
    base_.here.trace(who.label + " " + what + in.str() + " by " + id->str());
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
      // None is ever made so long before.
      if (f->why.code == errc::id_too_old)
        problem("I2: " + who + " was told that " + f->id.str()
                + " is forgotten");
      base_.here.trace(who + " refused " + f->id.str() + " "
                       + to_string(f->why));
    } else if (auto* d = std::get_if<client::disconnected>(&what)) {
      base_.here.trace(who + " lost the node: " + to_string(d->reason));
      expect_patience(who, d->reason);
    } else if (auto* w = std::get_if<client::delayed>(&what)) {
      base_.here.trace(who + " waits with " + w->id.str() + ": "
                       + to_string(w->why));
      expect_patience(who, w->why);
    } else if (auto* p = std::get_if<client::protocol_error>(&what)) {
      problem("I12: " + who + " was told nonsense: " + to_string(p->what));
    } else if (auto* e = std::get_if<client::stopped>(&what)) {
      problem("I9: " + who + " gave up: " + to_string(e->reason));
    } else if (std::get_if<client::skipped>(&what)) {
      problem("I7: " + who + " was told that entries are gone");
    }
  }

  /// I8: while nothing is wrong, the node refuses in so many words what it
  /// has no room for; it never keeps anybody waiting for nothing.
  void expect_patience(const std::string& who, const error& why) {
    if (quiet_
        && (why.code == errc::timed_out || why.code == errc::deadline_exceeded))
      problem("I8: " + who + " waited for nothing: " + to_string(why));
  }

  // -- what goes wrong --------------------------------------------------------

  void disturb() {
    auto what = random().below(14);
    auto& victim = participants_[random().below(talkers_)];
    if (what < 5) {
      count("link cut");
      victim.client->cut();
    } else if (what < 7) {
      count("client stalled");
      victim.client->stall(random().chance(60));
    } else if (what < 8) {
      start_again(victim);
    } else if (!base_.node.running()) {
      return;
    } else if (what < 10 && profile_.disk_faults) {
      break_disk();
    } else if (what == 10) {
      count("disk stalled");
      base_.here.trace("the disk stalls");
      base_.node.stall_disk(std::chrono::milliseconds{random().below(4000)});
    } else if (what == 11) {
      fill_disk();
    } else {
      end_node();
    }
  }

  void count(const std::string& what) { ++outcome_.faults[what]; }

  /// The app starts again at what it has saved, or at what the node knows.
  void start_again(participant& who) {
    count("client restarted");
    std::optional<inbox_offset> at;
    if (random().chance(50))
      at = who.client->core().position();
    base_.here.trace(
      who.label + " starts again at "
      + (at ? std::to_string(at->value) : "what it acknowledged"));
    history_.restarted(who.label);
    who.client->restart(at);
  }

  /// One of the next calls to the disk fails. What follows is up to the node,
  /// until somebody starts it again.
  void break_disk() {
    auto n = 1 + random().below(60);
    base_.here.trace("the disk will fail in call " + std::to_string(n));
    base_.node.disk().fail_at(n, random().chance(70)
                                   ? memory_disk::effect::none
                                   : memory_disk::effect::done);
    base_.here.after(std::chrono::milliseconds{random().below(3000)}, [this] {
      if (base_.node.running())
        end_node();
    });
  }

  /// There is little room for a while: submissions are refused.
  void fill_disk() {
    count("disk nearly full");
    base_.here.trace("the disk is nearly full");
    base_.node.storage_full(true);
    auto ms = random().chance(50) ? random().below(20) : random().below(3000);
    base_.here.after(std::chrono::milliseconds{ms}, [this] {
      base_.here.trace("the disk has room");
      if (base_.node.running())
        base_.node.storage_full(false);
    });
  }

  void count_disk_fault() {
    if (auto hit = base_.node.disk().take_fault())
      count("disk failed to " + std::string{to_string(*hit)});
  }

  void end_node() {
    count_disk_fault();
    if (random().chance(80)) {
      count("power cut");
      base_.here.trace("the power fails");
      base_.node.crash();
    } else {
      count("process killed");
      base_.here.trace("the process is killed");
      base_.node.kill();
    }
    base_.here.after(std::chrono::milliseconds{random().below(3000)},
                     [this] { restart(); });
  }

  void restart() {
    if (base_.node.running())
      return;
    auto& disk = base_.node.disk();
    if (!quiet_ && profile_.disk_faults && random().chance(20))
      disk.fail_at(1 + random().below(80));
    base_.here.trace("the node starts");
    auto started = base_.node.start();
    if (started)
      return;
    if (!disk.fault_hit())
      return problem("I7: the node did not start: "
                     + to_string(started.failure()));
    count_disk_fault();
    base_.here.trace("the node did not start: " + to_string(started.failure()));
    disk.crash(random());
    base_.here.after(std::chrono::milliseconds{1 + random().below(1000)},
                     [this] { restart(); });
  }

  void calm_down() {
    base_.here.run(3s);
    // A disk that failed stays so until somebody looks after it.
    if (base_.node.running() && profile_.disk_faults)
      end_node();
    base_.here.run(1s);
    quiet_ = true;
    restart();
    quiet_ = false;
    for (auto& x : participants_)
      x.client->stall(false);
    base_.here.run(options_.calm);
  }

  /// All is well. Whoever is there comes back at once, and says much.
  void start_once_more() {
    if (!base_.node.running())
      return;
    quiet_ = true;
    base_.node.crash();
    restart();
    if (!base_.node.running())
      return;
    if (profile_.small_queues)
      base_.node.stall_disk(1s);
    for (std::size_t i = 0; i < talkers_ * 5; ++i)
      send_to_user(participants_[i % talkers_]);
    base_.here.run(20s);
    for (auto& x : participants_)
      if (x.client->core().state() != client::state::open)
        problem("I9: " + x.label + " is "
                + std::string{to_string(x.client->core().state())}
                + ", expected open");
  }

  /// The power fails when a message is acknowledged, before it can be in the
  /// other's inbox. Nobody says a word in its conversation any more.
  void crash_behind_an_answer() {
    // A fan-out may find a small queue full, and comes again much later.
    if (!base_.node.running() || profile_.small_queues)
      return;
    auto before = history_.acknowledged();
    for (int i = 0; history_.acknowledged() == before && i < 10; ++i) {
      send_to_user(participants_.front());
      participants_.front().client->flush();
      base_.here.run(1s, [&] { return history_.acknowledged() > before; });
    }
    base_.node.crash();
    restart();
    base_.here.run(resumed_within);
    for (const auto& x : history_.judge())
      problem(x);
  }

  /// The threads get no time while everybody writes to everybody, twice: the
  /// first may find a mailbox full, and room the one that follows it.
  void crowd_in() {
    if (!base_.node.running() || !profile_.small_queues)
      return;
    auto before = bounced();
    base_.here.trace("the threads stall");
    base_.node.stall_threads(50ms);
    for (auto round = 0; round < 2; ++round)
      for (auto& x : participants_)
        for (const auto& to : users_)
          send(x, to);
    for (auto& x : participants_)
      x.client->flush();
    base_.here.run(30s);
    outcome_.faults["message found a mailbox full"] += bounced() - before;
  }

  /// One message in each of a few conversations, while everybody asks about
  /// these: a mailbox may be full at any step that a message takes. Nobody may
  /// have to wait for another message.
  void ask_around() {
    if (!base_.node.running() || !profile_.small_queues)
      return;
    auto before = bounced();
    for (std::size_t round = 0; round < talkers_; ++round) {
      auto& from = participants_[round];
      base_.here.trace("all ask about what " + from.label + " says");
      base_.node.stall_threads(50ms);
      for (const auto& to : users_)
        send(from, to);
      from.client->flush();
      for (auto& x : participants_)
        ask(x, from.client->user());
      base_.here.run(15s);
      for (const auto& x : history_.judge())
        problem(x);
    }
    outcome_.faults["question found a mailbox full"] += bounced() - before;
  }

  /// About all that `about` has with others.
  void ask(participant& who, const user_id& about) {
    for (const auto& other : users_) {
      protocol::roster what;
      what.conversation = direct_conversation(about, other);
      static_cast<void>(who.client->core().ask(what, base_.here.steady_now()));
    }
    who.client->flush();
  }

  std::uint64_t bounced() {
    std::uint64_t out = 0;
    base_.node.metrics().mailbox_rejected.each(
      [&](std::string_view, const auto& x) { out += x.value(); });
    return out;
  }

  // -- the verdict ------------------------------------------------------------

  void judge() {
    for (auto& x : history_.judge())
      problem(x);
    judge_devices();
    judge_store();
    std::stable_sort(outcome_.problems.begin(), outcome_.problems.end(),
                     [](const auto& a, const auto& b) {
                       return invariant_of(a) < invariant_of(b);
                     });
    outcome_.seed = options_.seed;
    outcome_.trace_hash = base_.here.trace_hash();
    outcome_.virtual_time = base_.here.steady_now();
    outcome_.acknowledged = history_.acknowledged();
    outcome_.delivered = history_.delivered();
  }

  /// "I11: …" has 11.
  static int invariant_of(const std::string& problem) {
    return std::stoi(problem.substr(1));
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
    if (!base_.node.running())
      return;
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
  const profile profile_;
  one_node base_;
  outcome outcome_;
  history history_;
  std::vector<user_id> users_;
  std::vector<conversation_id> groups_;
  std::vector<participant> participants_;
  std::size_t talkers_ = 0; ///< the first of them, who send
  std::uint64_t next_body_ = 1;
  /// Nothing is wrong any more, and has not been for a while.
  bool quiet_ = false;
};

} // namespace

outcome run_chaos(const chaos_options& options) {
  return storm{options}.run();
}

} // namespace iris::sim
