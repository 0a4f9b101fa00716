#include "tests/sim/script.hpp"

#include "tests/sim/history.hpp"
#include "tests/sim/sim_client.hpp"
#include "tests/sim/stored.hpp"

#include <algorithm>
#include <stdexcept>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// By then everybody has everything, whatever went wrong.
constexpr auto settle_time = 2min;
/// How long a node with a broken disk goes on until somebody sees to it.
constexpr auto neglect = 2s;
constexpr auto retention = 3min;
/// Two of them in an inbox or a log fill a write buffer.
constexpr std::size_t large_body = 20'000;

actors::node_options options(world& in) {
  auto out = sim_options(in);
  out.self.shards = 2;
  out.conversation.retention = out.user.retention = retention;
  out.sweep_every = 30s;
  out.rest_after = 2s;
  out.log_bytes_max = 4096;
  return out;
}

persistence::node_options small_stores() {
  persistence::store_options small{std::size_t{64} << 10, std::size_t{64} << 10,
                                   true};
  return {small, small};
}

struct participant {
  std::string name;
  std::unique_ptr<sim_client> client;
  /// What came, by offset.
  std::map<inbox_offset, protocol::item> got;
  /// How many entries the inbox is to have.
  std::uint64_t expected = 0;
  bool away = false;
};

class scripted_run {
public:
  scripted_run(caf::actor_system& system, std::uint64_t seed, const mishap& bad)
    : bad_(bad), here_(seed),
      node_(here_, system, options(here_), {.store = small_stores()}) {
    for (const std::string name : {"alice", "bob", "carol"}) {
      auto& x = people_[name];
      x.name = name;
      x.client = std::make_unique<sim_client>(
        here_, std::vector<sim_node*>{&node_}, name, "phone",
        [this, &x](client::event what) { note(x, std::move(what)); });
    }
  }

  script_outcome run() {
    try {
      play();
      for (std::size_t i = 0; i < io_kinds; ++i)
        out_.calls[i] = disk().count(static_cast<io>(i));
      judge();
    } catch (const std::exception& x) {
      problem(x.what());
    }
    out_.trace_hash = here_.trace_hash();
    return std::move(out_);
  }

private:
  using files = std::map<std::string, std::string>;

  memory_disk& disk() { return node_.disk(); }
  void problem(std::string what) { out_.problems.push_back(std::move(what)); }

  void play();
  void judge();
  void reread(participant& who);

  // -- what users do ----------------------------------------------------------

  void say(const std::string& from, const std::string& to,
           std::size_t size = 0) {
    auto text = body(size);
    auto id =
      people_.at(from).client->core().send(user(to), text, here_.steady_now());
    submitted(from, id, "to " + to, text, {from, to});
  }

  void say_all(const std::string& from, std::size_t size = 0) {
    auto text = body(size);
    auto id =
      people_.at(from).client->core().send(group_, text, here_.steady_now());
    submitted(from, id, "in " + group_.str(), text, members_);
  }

  std::string body(std::size_t size) {
    return std::to_string(next_body_++) + std::string(size, '.');
  }

  void submitted(const std::string& from, const result<message_id>& id,
                 const std::string& where, const std::string& text,
                 const std::vector<std::string>& readers) {
    if (!id)
      return problem("I9: " + from
                     + " could not send: " + to_string(id.failure()));
    people_.at(from).client->flush();
    ++said_;
    history_.submitted(from + "/phone", *id, where, text);
    for (const auto& x : readers)
      ++people_.at(x).expected;
  }

  void create_group(const std::string& by) {
    members_ = {"alice", "bob", "carol"};
    std::vector<user_id> others;
    for (const auto& x : members_)
      if (x != by)
        others.push_back(user(x));
    auto id = people_.at(by).client->core().create_group("a group", others,
                                                         here_.steady_now());
    if (id)
      group_ = group_conversation(user(by), *id);
    submitted(by, id, "in " + group_.str(), "", members_);
  }

  void leave_group(const std::string& who) {
    auto id = people_.at(who).client->core().leave(group_, here_.steady_now());
    submitted(who, id, "in " + group_.str(), "", members_);
    std::erase(members_, who);
  }

  void go_away(const std::string& who) {
    people_.at(who).client->core().stop();
    people_.at(who).away = true;
  }

  void come_back(const std::string& who) {
    auto& x = people_.at(who);
    history_.restarted(who + "/phone");
    x.client->restart(x.client->core().position());
    x.away = false;
  }

  void note(participant& who, client::event what);

  // -- time -------------------------------------------------------------------

  static bool settled(const participant& x) {
    auto& core = x.client->core();
    return x.away
           || (core.state() == client::state::open && core.unanswered() == 0
               && core.position().value == x.expected);
  }

  void settle() {
    run_until(settle_time, [this] {
      return std::all_of(people_.begin(), people_.end(),
                         [](const auto& x) { return settled(x.second); });
    });
    for (const auto& [name, x] : people_)
      if (!settled(x))
        problem("I9: " + name + " is at offset "
                + std::to_string(x.client->core().position().value)
                + ", expected " + std::to_string(x.expected) + ", with "
                + std::to_string(x.client->core().unanswered())
                + " unanswered, expected none");
  }

  std::uint64_t messages_in() {
    return static_cast<std::uint64_t>(node_.metrics().messages_in.value());
  }

  void let_pass(world::nanoseconds duration) {
    run_until(duration, [] { return false; });
  }

  void run_until(world::nanoseconds duration,
                 const std::function<bool()>& done);

  // -- the node ---------------------------------------------------------------

  void start();
  void stop_in_order();
  void lose_power();
  void arm();
  bool broken() { return !seen_to_ && (disk().off() || disk().fault_hit()); }
  void see_to_it();
  void end_by_power();
  void expect_kept(const files& before);

  const mishap bad_;
  world here_;
  sim_node node_;
  std::map<std::string, participant> people_;
  std::vector<std::unique_ptr<raw_client>> readers_;
  history history_;
  conversation_id group_;
  std::vector<std::string> members_;
  std::uint64_t next_body_ = 1;
  std::uint64_t said_ = 0; ///< submissions
  bool seen_to_ = false;
  bool looked_ = false;
  script_outcome out_;
};

void scripted_run::note(participant& who, client::event what) {
  auto device = who.name + "/phone";
  if (auto* x = std::get_if<client::message>(&what)) {
    history_.received(device, x->offset, x->item);
    who.got.emplace(x->offset, x->item);
    here_.trace(device + " got " + x->item.id.str());
  } else if (auto* s = std::get_if<protocol::sent>(&what)) {
    history_.answered(device, *s);
    here_.trace(device + " sent " + s->id.str());
  } else if (auto* f = std::get_if<client::failed>(&what)) {
    problem("I9: " + device + " was refused: " + to_string(f->why));
  } else if (auto* p = std::get_if<client::protocol_error>(&what)) {
    problem("I12: " + device + " was told nonsense: " + to_string(p->what));
  } else if (auto* e = std::get_if<client::stopped>(&what)) {
    problem("I9: " + device + " gave up: " + to_string(e->reason));
  } else if (std::get_if<client::skipped>(&what)) {
    problem("I7: " + device + " was told that entries are gone");
  }
}

// -- the script ---------------------------------------------------------------

void scripted_run::play() {
  start();
  for (auto& x : people_)
    x.second.client->start();
  say("alice", "bob");
  say("bob", "alice");
  create_group("alice");
  settle();

  // The answers are lost.
  say("alice", "bob");
  say_all("alice");
  run_until(settle_time, [this] { return messages_in() == said_; });
  people_.at("alice").client->cut();
  say_all("bob", large_body);
  settle();

  // Everybody rests; what is old goes.
  let_pass(retention + 1min);
  out_.repeated = messages_in() > said_;
  out_.rested = node_.metrics().conversations_active.value() == 0;
  go_away("carol");
  say("alice", "carol");
  say_all("bob", large_body);
  settle();

  stop_in_order();
  start();
  come_back("carol");
  say_all("carol");
  settle();

  leave_group("bob");
  say("carol", "bob");
  settle();

  say_all("alice");
  say("carol", "bob");
  let_pass(1500us);
  lose_power();
  start();
  settle();
}

void scripted_run::run_until(world::nanoseconds duration,
                             const std::function<bool()>& done) {
  auto end = here_.steady_now() + duration;
  while (here_.steady_now() < end && !done()) {
    here_.run(end - here_.steady_now(), [&] { return broken() || done(); });
    if (broken())
      see_to_it();
  }
}

// -- the node -----------------------------------------------------------------

void scripted_run::arm() {
  if (bad_.n == 0 || seen_to_)
    return;
  memory_disk::nth call{bad_.n - disk().count(bad_.kind), bad_.kind};
  switch (bad_.what) {
  case mishap::how::fails:
  case mishap::how::fails_power:
    return disk().fail_at(call);
  case mishap::how::fails_late:
    return disk().fail_at(call, memory_disk::effect::done);
  case mishap::how::cut_before:
    return disk().power_off_at(call, memory_disk::cut::before);
  case mishap::how::cut_after:
    return disk().power_off_at(call, memory_disk::cut::after);
  }
}

void scripted_run::start() {
  if (node_.running())
    return;
  auto before = disk().files();
  arm();
  auto started = node_.start();
  auto failed = broken() && !started;
  if (failed)
    see_to_it();
  else if (!started)
    throw std::runtime_error("I7: the node did not start: "
                             + to_string(started.failure()));
  // Reading a store takes longer than all the rest.
  auto after_mishap = seen_to_ && !std::exchange(looked_, seen_to_);
  if (bad_.n == 0 || failed || after_mishap)
    expect_kept(before);
}

/// The node was started, and nothing has run in it yet.
void scripted_run::expect_kept(const files& before) {
  auto known = read_stored(before, "/node");
  auto now = read_stored(disk().files(), "/node");
  if (!known || !now)
    return problem("I7: the store can't be read: "
                   + to_string((known ? now : known).failure()));
  for (const auto& [key, value] : *known)
    if (auto i = now->find(key); i == now->end() || i->second != value)
      problem("I7: the start took " + key.substr(0, key.find('/')) + " of "
              + std::to_string(key.size()) + " bytes");
}

void scripted_run::end_by_power() {
  if (node_.running())
    node_.crash();
  else
    disk().crash(here_.random());
}

/// Somebody looks after the machine, and starts the node.
void scripted_run::see_to_it() {
  out_.happened = seen_to_ = true;
  auto off = disk().off();
  if (!off && node_.running())
    here_.run(neglect);
  if (bad_.what != mishap::how::fails)
    end_by_power();
  else if (node_.running())
    node_.kill();
  else
    disk().kill();
  start();
}

void scripted_run::stop_in_order() {
  auto ended = node_.stop();
  if (broken())
    see_to_it();
  else if (!ended)
    problem("I9: some actors did not end when the node was told to");
}

void scripted_run::lose_power() {
  // A mishap while nobody looked is over with it.
  seen_to_ = seen_to_ || broken();
  out_.happened = seen_to_;
  end_by_power();
}

// -- the verdict --------------------------------------------------------------

void scripted_run::judge() {
  for (auto& x : history_.judge())
    problem(x);
  out_.acknowledged = history_.acknowledged();
  end_by_power();
  start();
  let_pass(2s);
  auto checked =
    node_.verify([this](const std::string& what) { problem("I11: " + what); });
  if (!checked)
    problem("I11: " + to_string(checked.failure()));
  for (auto& x : people_)
    reread(x.second);
}

/// A new device reads what the store has of an inbox, which is what the phone
/// had been given.
void scripted_run::reread(participant& who) {
  auto& in = *readers_.emplace_back(std::make_unique<raw_client>(here_, node_));
  in.connect();
  in.send(protocol::hello{});
  in.take<protocol::welcome>();
  in.send(protocol::auth{"token of " + who.name, *device_id::parse("reader")});
  auto ready = in.take<protocol::ready>();
  if (ready.head.value != who.expected)
    return problem("I1: the inbox of " + who.name + " has "
                   + std::to_string(ready.head.value) + " entries, expected "
                   + std::to_string(who.expected));
  out_.trimmed = out_.trimmed || ready.floor.value > 0;
  in.send(protocol::sync{ready.floor, protocol::limits::window_max});
  for (auto at = ready.floor; at < ready.head;) {
    auto page = in.take<protocol::items>();
    for (const auto& x : page.list) {
      at = at.next();
      if (auto i = who.got.find(at); i == who.got.end() || !(i->second == x))
        problem("I1: the inbox of " + who.name + " has another entry "
                + std::to_string(at.value) + " than its phone was given");
    }
  }
}

} // namespace

std::string to_string(const mishap& x) {
  constexpr std::array<std::string_view, mishap::hows> ends{
    " fails, and the process is started again", " fails, and the power",
    " reports failure when it is done, then the power fails",
    " is cut off by the power before it",
    " is the last before the power fails"};
  return std::string{to_string(x.kind)} + " " + std::to_string(x.n)
         + std::string{ends[static_cast<std::size_t>(x.what)]};
}

script_outcome run_script(caf::actor_system& in, std::uint64_t seed,
                          const mishap& bad) {
  return scripted_run{in, seed, bad}.run();
}

} // namespace iris::sim
