#include "tests/sim/steward.hpp"

#include "cluster/plan.hpp"

#include <algorithm>
#include <utility>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

/// By then all that moves has arrived.
constexpr auto settled_within = 5min;
/// While a disk decays, the others are a majority.
constexpr std::size_t nodes_min = 3;

template <class T>
T one_of(const std::vector<T>& list, random_source& random) {
  return list.empty() ? T{} : list[random.below(list.size())];
}

bool contains(const std::vector<node_id>& in, node_id id) {
  return std::find(in.begin(), in.end(), id) != in.end();
}

std::string text(node_id id) {
  return "node " + std::to_string(id.value);
}

std::string text(shard_id id) {
  return "shard " + cluster::label_of(id);
}

std::string text(const std::vector<node_id>& ids) {
  std::string out;
  for (auto id : ids)
    out += (out.empty() ? "" : ", ") + std::to_string(id.value);
  return out;
}

/// As the guide says.
bool is_off(const cluster::cluster_map& by, node_id who) {
  auto* known = cluster::find(by, who);
  return known && known->state == cluster::node_state::removed
         && cluster::empty(by, who);
}

} // namespace

steward::steward(sim_cluster& with, const profile& how, verdict& to)
  : with_(with), how_(how), verdict_(to) {
  if (how.shrinks)
    survivor_ = one_of(with.all(), random());
  for (auto* x : with.all())
    if (!with.uses(*x))
      spares_.insert(spares_.begin(), x);
    else if (survivor_ ? x == survivor_
                       : how.spares == 0 || random().chance(50))
      steady_.push_back(x);
  tick_later();
}

void steward::tick_later() {
  auto pause = std::chrono::milliseconds{50 + random().below(300)};
  with_.here.after(pause, [this] {
    while (!steps_.empty() && steps_.front().done())
      steps_.pop_front();
    std::erase_if(by_hand_, [](auto& x) { return x.done(); });
    tick_later();
  });
}

// -- what it does -------------------------------------------------------------

void steward::begin() {
  if (!how_.grows)
    return;
  while (!spares_.empty()) {
    rest();
    add_next();
  }
  for (auto* x : with_.all())
    if (survivor_ && x != survivor_) {
      rest();
      remove(*x);
    }
}

void steward::act() {
  auto pick = random().below(100);
  if (pick < 40 && !spares_.empty())
    add_next();
  else if (pick < 65)
    remove_any();
  else if (pick < 75)
    drain_for_a_while();
  else if (pick < 90)
    move_by_hand();
  else
    transfer_by_hand();
}

/// Empty, before or after the others know of it.
void steward::add_next() {
  auto& who = *spares_.back();
  spares_.pop_back();
  auto id = who.id();
  auto before = random().chance(50);
  if (before)
    start(who);
  ask({"add " + text(id), "member added",
       actors::add_node{id, text(id) + ":1", ""}});
  if (!before)
    start(who);
}

void steward::remove_any() {
  auto stay = with_.in_use();
  std::erase_if(stay, [this](auto* x) { return leaving_.contains(x->id()); });
  auto may_go = stay;
  std::erase_if(may_go, [this](auto* x) {
    return std::find(steady_.begin(), steady_.end(), x) != steady_.end();
  });
  if (!how_.grows && stay.size() > nodes_min && !may_go.empty())
    remove(*one_of(may_go, random()));
}

void steward::remove(sim_node& who) {
  auto id = who.id();
  leaving_.insert(id);
  ask({"drain " + text(id), "member drained", actors::drain_node{id, true}});
  if (random().chance(50))
    rest();
  ask({"remove " + text(id), "member removed", actors::remove_node{id}});
  switch_off(who);
}

/// Not one that may go: what was asked twice may be heard late.
void steward::drain_for_a_while() {
  auto* who = one_of(steady_, random());
  if (!who || with_.in_use().size() < 2 || !steps_.empty())
    return;
  auto id = who->id();
  ask({"drain " + text(id), "member drained", actors::drain_node{id, true}});
  rest();
  ask({"take back " + text(id), "member taken back",
       actors::drain_node{id, false}});
}

void steward::move_by_hand() {
  auto* at = any_running();
  if (!at)
    return;
  auto map = at->node().map();
  shard_id id{static_cast<std::uint16_t>(random().below(at->shards()))};
  const auto& voters = cluster::placement_of(*map, id).voters;
  auto others = with_.in_use();
  std::erase_if(others, [&](auto* x) { return contains(voters, x->id()); });
  auto from = one_of(voters, random());
  if (auto* to = one_of(others, random()))
    by_hand_.push_back(asking(
      {"move " + text(id) + " from " + text(from) + " to " + text(to->id()),
       "member gets a shard", actors::move_shard{id, from, to->id()}},
      false));
}

void steward::transfer_by_hand() {
  auto* at = any_running();
  if (!at)
    return;
  auto map = at->node().map();
  shard_id id{static_cast<std::uint16_t>(random().below(at->shards()))};
  auto to = one_of(cluster::placement_of(*map, id).voters, random());
  by_hand_.push_back(
    asking({"transfer " + text(id) + " to " + text(to), "member leads by hand",
            actors::transfer_shard{id, to}},
           false));
}

// -- steps --------------------------------------------------------------------

void steward::start(sim_node& who) {
  steps_.push_back({"start " + text(who.id()), [this, &who] {
                      with_.here.trace(text(who.id()) + ": starts, empty");
                      with_.use(who);
                      return true;
                    }});
}

void steward::rest() {
  auto duration = std::chrono::milliseconds{random().below(4000)};
  steps_.push_back(
    {"rest", [this, duration, until = std::chrono::nanoseconds{0}]() mutable {
       auto now = with_.here.steady_now();
       if (until == 0ns)
         until = now + duration;
       return now >= until;
     }});
}

void steward::ask(question what) {
  steps_.push_back(asking(std::move(what), true));
}

/// Once the map has nothing on it.
void steward::switch_off(sim_node& who) {
  auto what = "switch off " + text(who.id());
  steps_.push_back({what, [this, &who, what] {
                      auto* at = any_running();
                      if (!at || !is_off(*at->node().map(), who.id()))
                        return false;
                      with_.here.trace("operator: " + what + ", says "
                                       + text(at->id()));
                      verdict_.count("member switched off");
                      with_.switch_off(who);
                      if (how_.returns && random().chance(50))
                        come_back(who);
                      return true;
                    }});
}

/// Somebody switches it on for a while. Nobody needs it, and it harms nobody.
void steward::come_back(sim_node& who) {
  auto up_to = [this](std::uint64_t ms) {
    return std::chrono::milliseconds{random().below(ms)};
  };
  with_.here.after(500ms + up_to(4000), [this, &who, up_to] {
    with_.here.trace(text(who.id()) + ", which was removed, is switched on");
    if (!who.start())
      return; // A call to its disk may fail.
    verdict_.count("member came back from removal");
    with_.here.after(1s + up_to(4000), [&who] {
      if (who.running())
        who.crash();
    });
  });
}

/// Who insists asks again whatever the answer was.
steward::step steward::asking(question what, bool insists) {
  auto name = what.text;
  return {name, [this, what = std::move(what), insists,
                 answer = answer_ptr{}]() mutable {
            if (!answer || (!*answer && answer.use_count() == 1)) {
              answer = send(what);
              return false;
            }
            if (!*answer)
              return false;
            auto why = **answer;
            answer = nullptr;
            with_.here.trace("operator: " + what.text + ": "
                             + (why ? to_string(why) : "done"));
            if (!why)
              verdict_.count(what.event);
            return !why || (!insists && !retryable(why.code));
          }};
}

/// A process that ends forgets what it was asked.
steward::answer_ptr steward::send(const question& what) {
  auto* at = any_running();
  if (!at)
    return nullptr;
  auto out = std::make_shared<std::optional<error>>();
  with_.here.trace("operator asks " + text(at->id()) + ": " + what.text);
  at->node().change(what.what, [out](const error& x) { *out = x; });
  return out;
}

sim_node* steward::any_running() {
  auto all = with_.in_use();
  std::erase_if(all, [](auto* x) { return !x->running(); });
  return one_of(all, random());
}

// -- the end ------------------------------------------------------------------

void steward::settle() {
  if (with_.size() == 1)
    return;
  verdict_.checked(9);
  auto end = with_.here.steady_now() + settled_within;
  while (!missing().empty() && with_.here.steady_now() < end)
    with_.here.run(500ms);
  if (auto what = missing(); !what.empty())
    verdict_.problem("I9: the operator waits: " + what);
}

std::string steward::missing() {
  if (!steps_.empty())
    return steps_.front().text;
  if (!by_hand_.empty())
    return by_hand_.front().text;
  auto map = with_.newest_map();
  for (auto id : with_.groups()) {
    const auto& where = cluster::placement_of(*map, id);
    if (!cluster::reached(where))
      return text(id) + " is on " + text(where.actual) + ", wanted on "
             + text(where.voters);
    if (!led_as_wanted(id, where))
      return text(id) + " is not led by " + text(where.voters.front())
             + " with " + text(where.voters);
  }
  cluster::node_health all;
  for (auto* x : with_.in_use())
    all.up.insert(x->id());
  return cluster::plan(*map, all) ? "the plan goes on" : "";
}

bool steward::led_as_wanted(shard_id id, const cluster::placement& where) {
  auto voters = where.voters;
  std::sort(voters.begin(), voters.end());
  auto all = with_.in_use();
  return std::any_of(all.begin(), all.end(), [&](auto* x) {
    if (x->id() != where.voters.front())
      return false;
    auto leads = x->node().leads();
    return std::any_of(leads.begin(), leads.end(), [&](const auto& y) {
      return y.shard == id && y.voters == voters;
    });
  });
}

} // namespace iris::sim
