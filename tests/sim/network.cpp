#include "tests/sim/network.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <deque>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// So that what befalls links says nothing about a run's other choices.
constexpr std::uint64_t apart = 0x6e6574776f726b;
constexpr std::size_t lanes = 3;
/// From the first heartbeat that is missing to the end of the link.
constexpr auto heartbeat_timeout = 2s;

std::string name(node_id x) {
  return "node " + std::to_string(x.value);
}

} // namespace

std::string_view to_string(partition x) noexcept {
  constexpr std::array<std::string_view, partitions> names{
    "halves", "isolate", "ring", "one way", "bridge", "flapping"};
  return names[static_cast<std::size_t>(x)];
}

weather random_weather(random_source& random) {
  auto maybe = [&](unsigned most) {
    return random.chance(50) ? static_cast<unsigned>(random.below(most + 1))
                             : 0;
  };
  return {maybe(30), maybe(50), maybe(30), 1 + maybe(20)};
}

// -- parts --------------------------------------------------------------------

struct switchboard::process {
  node_id self;
  executor& home;
  cluster::network::receiver* to = nullptr;
  door* by = nullptr;
  bool alive = true;

  void post(task what) {
    if (alive)
      home.post(std::move(what));
  }
};

/// What is on its way to a process in a lane.
struct switchboard::lane_queue {
  struct entry {
    nanoseconds arrives{0};
    std::shared_ptr<const std::string> frame;
  };

  std::deque<entry> entries; ///< none comes before those ahead of it
  /// Also of what has come and was not taken.
  std::size_t bytes = 0;
  bool moving = false;
};

struct switchboard::side {
  process_ptr who;
  std::array<lane_queue, lanes> in;
  bool up = false; ///< it knows of the link
};

/// A link: made once, broken once.
struct switchboard::session {
  std::array<side, 2> sides;
  bool broken = false;

  path ends() const { return {sides[0].who->self, sides[1].who->self}; }
  std::size_t end_of(node_id x) const { return sides[0].who->self != x; }
};

class switchboard::process_port final : public port {
public:
  process_port(switchboard& on, process_ptr who)
    : board_(on), who_(std::move(who)) {}
  ~process_port() override { board_.leave(*who_); }

  void listen(receiver& to, door* by) override {
    who_->to = &to;
    who_->by = by;
    board_.listen(who_);
  }

  bool send(node_id to, cluster::lane by, std::string frame) override {
    return board_.send(*who_, to, by, std::move(frame));
  }

private:
  switchboard& board_;
  const process_ptr who_;
};

switchboard::switchboard(world& in) : world_(in), random_(in.seed() ^ apart) {
  // nop
}

switchboard::~switchboard() = default;

// -- processes ----------------------------------------------------------------

std::unique_ptr<switchboard::port> switchboard::plug_in(node_id self,
                                                        executor& home) {
  auto [i, alone] = processes_.try_emplace(
    self, std::make_shared<process>(process{self, home}));
  IRIS_ASSERT(alone);
  return std::make_unique<process_port>(*this, i->second);
}

void switchboard::listen(const process_ptr& who) {
  for (auto& [id, other] : processes_)
    if (other != who && other->to)
      connect_later(who, other, random_ms(1, 300));
}

void switchboard::leave(process& who) {
  who.alive = false;
  processes_.erase(who.self);
  paused_until_.erase(who.self);
  // A machine without power says nothing; the system of a killed process does.
  auto told = random_.chance(25) ? heartbeat_timeout + random_ms(0, 500)
                                 : random_ms(0, 50);
  auto all = sessions_;
  for (auto& [on, x] : all) {
    if (on.first != who.self && on.second != who.self)
      continue;
    x->sides[x->end_of(who.self)].up = false;
    close(x, told, told);
    forget(x);
  }
}

// -- links --------------------------------------------------------------------

void switchboard::connect_later(const process_ptr& a, const process_ptr& b,
                                nanoseconds delay) {
  world_.after(delay, [this, a, b] {
    if (!a->alive || !b->alive)
      return;
    auto clear = passes(a->self, b->self) && passes(b->self, a->self)
                 && !paused(a->self) && !paused(b->self);
    if (clear && !sessions_.contains(between(a->self, b->self))
        && admitted(*a, *b))
      open(a, b);
    else
      connect_later(a, b, random_ms(200, 700));
  });
}

bool switchboard::admitted(const process& a, const process& b) {
  auto lets_in = [this](const process& one, const process& other) {
    auto may = one.by->admit(other.self, other.by->shown());
    if (!may) {
      count("link refused");
      world_.trace(name(one.self) + " refuses " + name(other.self) + ": "
                   + to_string(may.failure()));
    }
    return may.operator bool();
  };
  return !a.by || !b.by || (lets_in(a, b) && lets_in(b, a));
}

void switchboard::open(const process_ptr& a, const process_ptr& b) {
  auto made = std::make_shared<session>();
  made->sides[0].who = a->self < b->self ? a : b;
  made->sides[1].who = a->self < b->self ? b : a;
  sessions_[made->ends()] = made;
  world_.trace("a link joins " + name(made->ends().first) + " and "
               + name(made->ends().second));
  for (std::size_t end : {0, 1})
    world_.after(latency(), [this, made, end] { tell_up(made, end); });
}

std::size_t switchboard::links_of(node_id who) const {
  return static_cast<std::size_t>(
    std::count_if(sessions_.begin(), sessions_.end(), [who](const auto& x) {
      auto [a, b] = x.first;
      return (a == who || b == who) && !x.second->broken;
    }));
}

void switchboard::tell_up(const session_ptr& of, std::size_t end) {
  of->sides[end].who->post([this, of, end] {
    auto& me = of->sides[end];
    if (of->broken || !me.who->alive)
      return;
    me.up = true;
    me.who->to->on_link(of->sides[1 - end].who->self, true);
    for (std::size_t lane = 0; lane < lanes; ++lane)
      move(of, end, lane);
  });
}

void switchboard::close(const session_ptr& what, nanoseconds first,
                        nanoseconds second) {
  if (std::exchange(what->broken, true))
    return;
  world_.trace("the link of " + name(what->ends().first) + " and "
               + name(what->ends().second) + " breaks");
  for (auto& x : what->sides)
    for (auto& lane : x.in)
      lane.entries.clear();
  tell_down(what, 0, first);
  tell_down(what, 1, second);
}

void switchboard::tell_down(const session_ptr& of, std::size_t end,
                            nanoseconds delay) {
  world_.after(delay, [this, of, end] {
    of->sides[end].who->post([this, of, end] {
      auto& me = of->sides[end];
      if (std::exchange(me.up, false))
        me.who->to->on_link(of->sides[1 - end].who->self, false);
      forget(of);
    });
  });
}

/// Once both know, there may be another.
void switchboard::forget(const session_ptr& what) {
  auto& [a, b] = what->sides;
  auto found = sessions_.find(what->ends());
  if (a.up || b.up || found == sessions_.end() || found->second != what)
    return;
  sessions_.erase(found);
  connect_later(a.who, b.who, random_ms(100, 1000));
}

// -- frames -------------------------------------------------------------------

bool switchboard::send(const process& from, node_id to, cluster::lane by,
                       std::string frame) {
  auto found = sessions_.find(between(from.self, to));
  if (found == sessions_.end())
    return false;
  auto& on = found->second;
  auto end = on->end_of(to);
  if (!on->sides[1 - end].up)
    return false;
  if (watcher_)
    watcher_(from.self, by, frame);
  if (on->broken)
    return true;
  auto lane = static_cast<std::size_t>(by);
  auto& queue = on->sides[end].in[lane];
  if (queue.bytes > 0 && queue.bytes + frame.size() > lane_bytes_max)
    return false;
  if (random_.chance(weather_.lost)) {
    count("frame lost");
    return true;
  }
  put(queue, by, std::make_shared<const std::string>(std::move(frame)));
  move(on, end, lane);
  return true;
}

void switchboard::put(lane_queue& to, cluster::lane by,
                      std::shared_ptr<const std::string> frame) {
  auto consensus = by == cluster::lane::consensus;
  auto times = consensus && random_.chance(weather_.twice) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    to.bytes += frame->size();
    to.entries.push_back({world_.steady_now() + latency(), frame});
  }
  if (times > 1)
    count("frame twice");
  auto n = to.entries.size();
  if (consensus && n > 1 && random_.chance(weather_.swapped)) {
    count("frame out of order");
    std::swap(to.entries[n - 1].frame, to.entries[n - 2].frame);
  }
}

void switchboard::move(const session_ptr& in, std::size_t end,
                       std::size_t lane) {
  auto& me = in->sides[end];
  auto& queue = me.in[lane];
  auto from = in->sides[1 - end].who->self;
  if (queue.moving || queue.entries.empty() || !me.up
      || !passes(from, me.who->self))
    return;
  queue.moving = true;
  auto wait = queue.entries.front().arrives - world_.steady_now();
  world_.after(std::max(wait, 0ns), [this, in, end, lane] {
    in->sides[end].in[lane].moving = false;
    deliver(in, end, lane);
    move(in, end, lane);
  });
}

void switchboard::deliver(const session_ptr& in, std::size_t end,
                          std::size_t lane) {
  auto& me = in->sides[end];
  auto& queue = me.in[lane];
  auto from = in->sides[1 - end].who->self;
  if (queue.entries.empty() || !passes(from, me.who->self))
    return;
  auto frame = std::move(queue.entries.front().frame);
  queue.entries.pop_front();
  ++carried_;
  world_.absorb(*frame);
  me.who->post([in, end, lane, from, frame] {
    auto& to = in->sides[end];
    to.in[lane].bytes -= frame->size();
    if (to.who->alive)
      to.who->to->on_frame(from, static_cast<cluster::lane>(lane), *frame);
  });
}

// -- what goes wrong ----------------------------------------------------------

bool switchboard::paused(node_id who) const {
  auto found = paused_until_.find(who);
  return found != paused_until_.end() && found->second > world_.steady_now();
}

bool switchboard::passes(node_id from, node_id to) const {
  return !blocked_.contains({from, to});
}

void switchboard::cut(node_id a, node_id b) {
  auto found = sessions_.find(between(a, b));
  if (found == sessions_.end() || found->second->broken)
    return;
  count("node link cut");
  auto on = found->second;
  close(on, random_ms(0, 50), random_ms(0, 50));
}

void switchboard::notice_silence(path on, std::function<bool()> still) {
  world_.after(
    heartbeat_timeout + random_ms(0, 500),
    [this, on, still = std::move(still)] {
      auto found = sessions_.find(between(on.first, on.second));
      if (!still() || found == sessions_.end() || found->second->broken)
        return;
      world_.trace(name(on.second) + " hears nothing of " + name(on.first));
      auto what = found->second;
      // The other may hear well, and is told at once; or it is not.
      auto other = passes(on.second, on.first) ? latency() : random_ms(0, 500);
      auto me = what->end_of(on.second);
      close(what, me == 0 ? 0ns : other, me == 0 ? other : 0ns);
    });
}

void switchboard::block(node_id from, node_id to, bool yes) {
  path on{from, to};
  if (yes) {
    auto [i, changed] = blocked_.try_emplace(on, changes_ + 1);
    if (!changed)
      return;
    auto change = ++changes_;
    return notice_silence(on, [this, on, change] {
      auto found = blocked_.find(on);
      return found != blocked_.end() && found->second == change;
    });
  }
  blocked_.erase(on);
  if (auto found = sessions_.find(between(from, to)); found != sessions_.end())
    for (std::size_t lane = 0; lane < lanes; ++lane)
      move(found->second, found->second->end_of(to), lane);
}

void switchboard::pause(node_id who, nanoseconds duration) {
  auto until = world_.steady_now() + duration;
  auto& at = paused_until_[who];
  at = std::max(at, until);
  for (auto& [other, x] : processes_)
    if (other != who)
      notice_silence({who, other}, [this, who, until] {
        auto found = paused_until_.find(who);
        return found != paused_until_.end() && found->second == until
               && until > world_.steady_now();
      });
}

void switchboard::sever(const std::vector<node_id>& some,
                        const std::vector<node_id>& others) {
  for (auto a : some)
    for (auto b : others) {
      block(a, b, true);
      block(b, a, true);
    }
}

void switchboard::split(partition how, std::vector<node_id> among) {
  IRIS_ASSERT(among.size() > 1);
  for (std::size_t i = among.size() - 1; i > 0; --i)
    std::swap(among[i], among[random_.below(i + 1)]);
  std::string order;
  for (auto x : among)
    order += " " + std::to_string(x.value);
  count("partition: " + std::string{to_string(how)});
  world_.trace("the network parts (" + std::string{to_string(how)}
               + ") among nodes" + order);
  auto n = static_cast<std::ptrdiff_t>(among.size());
  auto first = among.front();
  std::vector<node_id> rest(among.begin() + 1, among.end());
  switch (how) {
  case partition::halves: {
    auto middle = among.begin() + (n + 1) / 2;
    return sever({among.begin(), middle}, {middle, among.end()});
  }
  case partition::isolate:
    return sever({first}, rest);
  case partition::ring: {
    // Three in a ring would all be neighbours.
    auto around = std::max<std::ptrdiff_t>(n - 1, 3);
    for (auto i = among.begin(); i != among.end(); ++i)
      for (auto j = i + 1; j != among.end(); ++j)
        if (j - i > 1 && j - i < around)
          sever({*i}, {*j});
    return;
  }
  case partition::one_way: {
    auto heard = random_.chance(50);
    for (auto x : rest)
      heard ? block(x, first, true) : block(first, x, true);
    return;
  }
  case partition::bridge: {
    auto middle = rest.begin() + (n - 1) / 2;
    return sever({rest.begin(), middle}, {middle, rest.end()});
  }
  case partition::flapping:
    return flap(first, rest, splits_);
  }
}

void switchboard::flap(node_id who, std::vector<node_id> others,
                       std::uint64_t split) {
  if (split != splits_)
    return;
  auto off = !blocked_.contains({who, others.front()});
  for (auto x : others) {
    block(who, x, off);
    block(x, who, off);
  }
  world_.after(random_ms(50, 4000), [this, who, others = std::move(others),
                                     split] { flap(who, others, split); });
}

void switchboard::heal() {
  ++splits_;
  world_.trace("the network heals");
  for (auto [on, change] : std::map{blocked_})
    block(on.first, on.second, false);
}

// -- time ---------------------------------------------------------------------

switchboard::nanoseconds switchboard::latency() {
  if (!random_.chance(weather_.slow))
    return std::chrono::microseconds{50 + random_.below(450)};
  return random_ms(1, 200);
}

switchboard::nanoseconds switchboard::random_ms(std::uint64_t least,
                                                std::uint64_t below) {
  return std::chrono::microseconds{least * 1000
                                   + random_.below((below - least) * 1000)};
}

} // namespace iris::sim
