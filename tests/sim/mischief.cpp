#include "tests/sim/mischief.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// How often each happens, of all that apply.
constexpr std::array<unsigned, troubles> weights{5, 2, 1, 2, 1, 1, 2, 1,
                                                 5, 2, 2, 1, 2, 5, 2};

/// Long enough for others to be elected.
constexpr auto late_by = 4s;

/// What a wall clock is wrong by at most.
constexpr std::uint64_t wrong_ms_max = 30'000;

} // namespace

mischief::mischief(sim_cluster& with, crowd& of, steward& by,
                   const profile& how, std::set<trouble> without, verdict& to)
  : with_(with), crowd_(of), steward_(by), how_(how),
    without_(std::move(without)), verdict_(to) {
  // nop
}

bool mischief::applies(trouble what) const {
  if (what == trouble::clock)
    return how_.wild_clocks;
  if (what == trouble::rot || what == trouble::swap)
    return with_.size() >= 3 && !how_.grows;
  return what < trouble::network || with_.size() > 1;
}

trouble mischief::choose() {
  auto weight_of = [this](std::size_t i) {
    return applies(static_cast<trouble>(i)) ? weights[i] : 0;
  };
  unsigned sum = 0;
  for (std::size_t i = 0; i < troubles; ++i)
    sum += weight_of(i);
  auto pick = random().below(sum);
  std::size_t i = 0;
  for (; pick >= weight_of(i); ++i)
    pick -= weight_of(i);
  return static_cast<trouble>(i);
}

void mischief::strike() {
  auto what = choose();
  auto& victim = crowd_.all()[random().below(crowd_.talkers())];
  // Where disks don't fail, power does in their place.
  if (what == trouble::disk && !how_.disk_faults)
    what = trouble::power;
  if (without_.contains(what))
    return;
  if (what <= trouble::restart)
    return trouble_client(what, victim);
  if (what == trouble::membership)
    return steward_.act();
  if (what == trouble::network || what == trouble::weather
      || what == trouble::blackout)
    return trouble_all(what);
  if (auto& node = any_node(); node.running())
    trouble_node(what, node);
}

sim_node& mischief::any_node() {
  auto all = with_.in_use();
  return *all[all.size() == 1 ? 0 : random().below(all.size())];
}

void mischief::tell(const sim_node& who, const std::string& what) {
  with_.here.trace("node " + std::to_string(who.id().value) + ": " + what);
}

std::chrono::milliseconds mischief::up_to(std::uint64_t ms) {
  return std::chrono::milliseconds{random().below(ms)};
}

// -- clients ------------------------------------------------------------------

void mischief::trouble_client(trouble what, crowd::participant& victim) {
  if (what == trouble::link) {
    verdict_.count("link cut");
    victim.client->cut();
  } else if (what == trouble::stall) {
    verdict_.count("client stalled");
    victim.client->stall(random().chance(60));
  } else {
    verdict_.count("client restarted");
    crowd_.start_again(victim);
  }
}

// -- a node -------------------------------------------------------------------

void mischief::trouble_node(trouble what, sim_node& who) {
  switch (what) {
  case trouble::disk:
    return break_disk(who);
  case trouble::slow:
    return stall_disk(who);
  case trouble::full:
    return fill_disk(who);
  case trouble::clock:
    return set_clock(who);
  case trouble::pause:
    return pause(who);
  case trouble::rot:
    return damage(who);
  case trouble::swap:
    return swap_disk(who);
  default:
    return how_.polite && random().chance(50) ? tell_to_end(who)
                                              : end_node(who);
  }
}

/// One of the next calls to the disk fails. What follows is up to the node,
/// until somebody starts it again.
void mischief::break_disk(sim_node& who) {
  auto n = 1 + random().below(60);
  tell(who, "the disk will fail in call " + std::to_string(n));
  who.disk().fail_at(n, random().chance(70) ? memory_disk::effect::none
                                            : memory_disk::effect::done);
  with_.here.after(up_to(3000), [this, &who] {
    if (who.running())
      end_node(who);
  });
}

void mischief::stall_disk(sim_node& who) {
  verdict_.count("disk stalled");
  tell(who, "the disk stalls");
  who.stall_disk(up_to(4000));
}

/// There is little room for a while: submissions are refused.
void mischief::fill_disk(sim_node& who) {
  if (how_.fills && random().chance(50))
    return fill_up(who);
  verdict_.count("disk nearly full");
  tell(who, "the disk is nearly full");
  who.storage_full(true);
  auto duration = random().chance(50) ? up_to(20) : up_to(3000);
  with_.here.after(duration, [this, &who] {
    tell(who, "the disk has room");
    if (who.running())
      who.storage_full(false);
  });
}

/// What follows is up to the node, until somebody makes room and starts it.
void mischief::fill_up(sim_node& who) {
  verdict_.count("disk full");
  auto bytes = random().below(20'000);
  tell(who, "the disk has room for " + std::to_string(bytes) + " bytes");
  who.disk().full_after(bytes);
  with_.here.after(up_to(3000), [this, &who] {
    who.disk().has_room();
    if (who.running())
      end_node(who);
  });
}

void mischief::set_clock(sim_node& who) {
  verdict_.count("wall clock jumped");
  auto wrong =
    up_to(2 * wrong_ms_max) - std::chrono::milliseconds{wrong_ms_max};
  tell(who,
       "the wall clock is wrong by " + std::to_string(wrong.count()) + " ms");
  who.time().set_wrong(wrong);
}

void mischief::pause(sim_node& who) {
  verdict_.count("node paused");
  auto duration = random().chance(50) ? up_to(500) : up_to(6000);
  tell(who, "pauses for " + std::to_string(duration.count()) + " ms");
  who.pause(duration);
}

void mischief::count_disk_fault(sim_node& who) {
  if (auto hit = who.disk().take_fault())
    verdict_.count("disk failed to " + std::string{to_string(*hit)});
}

void mischief::end_node(sim_node& who) {
  count_disk_fault(who);
  if (random().chance(80)) {
    verdict_.count("power cut");
    tell(who, "the power fails");
    who.crash();
  } else {
    verdict_.count("process killed");
    tell(who, "the process is killed");
    who.kill();
  }
  with_.here.after(up_to(3000), [this, &who] { restart(who); });
}

/// Meanwhile it may end otherwise.
void mischief::tell_to_end(sim_node& who) {
  verdict_.count("node told to end");
  tell(who, "is told to end");
  tell(who, who.stop() ? "has ended" : "did not end in time");
  with_.here.after(up_to(3000), [this, &who] { restart(who); });
}

void mischief::restart(sim_node& who) {
  if (who.running() || !with_.uses(who))
    return;
  auto& disk = who.disk();
  disk.has_room();
  back_up(who);
  if (!ended_ && how_.disk_faults && random().chance(20))
    disk.fail_at(1 + random().below(80));
  tell(who, "starts");
  verdict_.checked(7);
  auto started = who.start();
  if (started)
    return;
  if (&who == damaged_) {
    verdict_.count("damaged store refused");
    return tell(who, "did not start: " + to_string(started.failure()));
  }
  if (!disk.fault_hit())
    return verdict_.problem("I7: node " + std::to_string(who.id().value)
                            + " did not start: "
                            + to_string(started.failure()));
  count_disk_fault(who);
  tell(who, "did not start: " + to_string(started.failure()));
  disk.crash(random());
  with_.here.after(1ms + up_to(1000), [this, &who] { restart(who); });
}

/// Its node may stop and say why, at once or later; then it is looked after.
void mischief::damage(sim_node& who) {
  if (damaged_)
    return;
  damaged_ = &who;
  verdict_.count("store damaged");
  count_disk_fault(who);
  who.crash();
  tell(who, "the power fails, and " + decay_.strike(who.disk(), random()));
  with_.here.after(up_to(3000), [this, &who] { restart(who); });
  with_.here.after(3s + up_to(8000), [this] { mend(); });
}

/// As it is when it was off for the first time.
void mischief::back_up(sim_node& who) {
  if (applies(trouble::swap) && &who != damaged_
      && !backups_.contains(who.id()))
    backups_.emplace(who.id(), who.disk().files());
}

/// It comes back without what it had said and promised, and nobody may listen.
/// Who was away since it started, or is new, can't know.
void mischief::swap_disk(sim_node& who) {
  auto all = with_.in_use();
  auto all_run =
    std::all_of(all.begin(), all.end(), [](auto* x) { return x->running(); });
  if (damaged_ || !all_run || steward_.expects_others()
      || with_.network.links_of(who.id()) != all.size() - 1)
    return end_node(who);
  damaged_ = &who;
  count_disk_fault(who);
  who.crash();
  own_ = who.disk().files();
  auto backup = backups_.find(who.id());
  auto wiped = backup == backups_.end() || random().chance(50);
  verdict_.count(wiped ? "disk wiped" : "old disk back");
  tell(who, wiped ? "its disk is wiped" : "its disk is an old backup");
  who.disk().become(wiped ? files{} : backup->second);
  with_.here.after(up_to(3000), [this, &who] { restart(who); });
  with_.here.after(3s + up_to(8000), [this] { mend(); });
}

void mischief::mend() {
  auto* who = std::exchange(damaged_, nullptr);
  if (!who)
    return;
  if (who->running())
    who->crash();
  tell(*who, "its disk is mended");
  if (own_)
    who->disk().become(*std::exchange(own_, std::nullopt));
  else
    decay_.mend();
  restart(*who);
}

// -- all nodes ----------------------------------------------------------------

void mischief::trouble_all(trouble what) {
  if (what == trouble::network)
    return part_network();
  if (what == trouble::weather)
    return change_weather();
  verdict_.count("power cut of all nodes");
  for (auto& x : with_.nodes)
    if (x->running())
      end_node(*x);
}

void mischief::part_network() {
  std::vector<node_id> ids;
  for (auto* x : with_.in_use())
    ids.push_back(x->id());
  if (ids.size() < 2)
    return;
  if (random().chance(40)) {
    auto a = random().below(ids.size());
    auto b = (a + 1 + random().below(ids.size() - 1)) % ids.size();
    return with_.network.cut(ids[a], ids[b]);
  }
  with_.network.heal();
  with_.network.split(static_cast<partition>(random().below(partitions)), ids);
  // Another may have come in the meantime: then this ends that.
  with_.here.after(up_to(8000), [this] { with_.network.heal(); });
}

void mischief::change_weather() {
  auto next = random_weather(random());
  with_.here.trace("the weather: " + std::to_string(next.lost) + " % lost, "
                   + std::to_string(next.twice) + " % twice, "
                   + std::to_string(next.swapped) + " % out of order, "
                   + std::to_string(next.slow) + " % slow");
  with_.network.set(next);
}

void mischief::crash_all(node_id late) {
  for (auto& x : with_.nodes)
    if (x->running())
      x->crash();
  for (auto& x : with_.nodes)
    if (x->id() != late)
      restart(*x);
    else
      with_.here.after(late_by, [this, &who = *x] { restart(who); });
}

void mischief::set_back(sim_node& who, std::chrono::milliseconds by) {
  verdict_.count("wall clock jumped");
  tell(who, "the wall clock goes back " + std::to_string(by.count()) + " ms");
  who.time().set_back(by);
}

void mischief::cut_off(sim_node& who, std::chrono::milliseconds duration) {
  tell(who, "is cut off, and gets no time");
  for (auto* x : with_.in_use())
    if (x != &who) {
      with_.network.block(who.id(), x->id(), true);
      with_.network.block(x->id(), who.id(), true);
    }
  who.pause(duration);
}

void mischief::stall_all(std::chrono::milliseconds duration) {
  with_.here.trace("all threads stall");
  for (auto* x : with_.in_use())
    x->stall_threads(duration);
}

void mischief::end() {
  with_.here.run(3s);
  // A disk that failed stays so until somebody looks after it.
  ended_ = true;
  for (auto& x : with_.nodes)
    if (x->running() && how_.disk_faults)
      end_node(*x);
  with_.here.run(1s);
  mend();
  for (auto& x : with_.nodes)
    restart(*x);
  if (with_.size() > 1) {
    with_.network.heal();
    with_.network.set({});
  }
  for (auto& x : crowd_.all())
    x.client->stall(false);
}

} // namespace iris::sim
