#include "tests/sim/writers.hpp"

#include "persistence/keys.hpp"

#include <algorithm>
#include <stdexcept>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

std::string label_of(const user_id& who) {
  return who.str() + "/phone";
}

} // namespace

writers::writers(sim_cluster& with, knows what, std::size_t per_node)
  : with_(with) {
  for (auto& node : with.nodes)
    for (std::size_t i = 0; i < per_node; ++i)
      add(*node, what,
          user("writer-" + std::to_string(i) + "-at-"
               + std::to_string(node->id().value)));
  for (auto& x : writers_)
    x.client->start();
}

void writers::add(sim_node& home, knows what, const user_id& who) {
  auto nodes = std::vector<sim_node*>{&home};
  if (what == knows::all_nodes)
    nodes = with_.all();
  writer x;
  x.label = label_of(who);
  x.home = &home;
  x.client = client_of(nodes, who);
  for (std::uint16_t i = 0; i < home.shards(); ++i)
    x.friends.push_back(friend_of(who, {i}));
  writers_.push_back(std::move(x));
}

/// Their conversation lives there.
user_id writers::friend_of(const user_id& who, shard_id where) const {
  auto shards = with_.nodes.front()->shards();
  for (std::size_t i = 0;; ++i) {
    auto out = user("friend-" + std::to_string(i) + "-of-" + who.str());
    auto talk = actors::ref_of(direct_conversation(who, out));
    if (persistence::shard_of(talk, shards) == where)
      return out;
  }
}

std::unique_ptr<sim_client>
writers::client_of(const std::vector<sim_node*>& nodes, const user_id& who) {
  return std::make_unique<sim_client>(
    with_.here, nodes, who.str(), "phone",
    [this, label = label_of(who)](client::event x) {
      note(label, std::move(x));
    });
}

// -- connections --------------------------------------------------------------

bool writers::open(std::size_t by) const {
  return writers_[by].client->core().state() == client::state::open;
}

bool writers::all_at_home() {
  auto out = true;
  for (std::size_t i = 0; i < writers_.size(); ++i) {
    auto& x = writers_[i];
    auto there = open(i) && x.client->at() == x.home;
    if (open(i) && !there)
      x.client->cut(); // The next one that it dials is another.
    out = out && there;
  }
  return out;
}

void writers::go_home() {
  if (!with_.here.run(1min, [this] { return all_at_home(); }))
    throw std::runtime_error("expected each writer to reach its node");
}

// -- what they write ----------------------------------------------------------

std::size_t writers::write(std::size_t by, shard_id shard) {
  auto& x = writers_[by];
  const auto& to = x.friends.at(shard.value);
  auto body = std::to_string(next_body_++);
  auto now = with_.here.steady_now();
  auto id = x.client->core().send(to, body, now);
  if (!id)
    throw std::runtime_error(to_string(id.failure()));
  history_.submitted(x.label, *id, "to " + to.str(), body);
  auto number = submissions_.size();
  submissions_.push_back({by, shard, now});
  numbers_.emplace(*id, number);
  unanswered_.insert(number);
  return number;
}

void writers::write_all(std::size_t by) {
  for (std::uint16_t i = 0; i < writers_[by].friends.size(); ++i)
    write(by, {i});
  writers_[by].client->flush();
}

void writers::write_all() {
  for (std::size_t i = 0; i < writers_.size(); ++i)
    write_all(i);
}

void writers::flush() {
  for (auto& x : writers_)
    x.client->flush();
}

std::vector<writers::nanoseconds>
writers::took(nanoseconds from, nanoseconds until,
              const std::set<shard_id>& shards) const {
  std::vector<nanoseconds> out;
  for (const auto& x : submissions_)
    if (x.at >= from && x.at < until && x.answered && shards.contains(x.shard))
      out.push_back(*x.answered - x.at);
  return out;
}

// -- what they see ------------------------------------------------------------

void writers::note(const std::string& who, client::event what) {
  if (auto* x = std::get_if<client::message>(&what))
    return history_.received(who, x->offset, x->item);
  if (auto* x = std::get_if<protocol::sent>(&what)) {
    history_.answered(who, *x);
    return answered(*x);
  }
  if (auto* x = std::get_if<client::delayed>(&what))
    return refused(x->id, x->why);
  if (auto* x = std::get_if<client::failed>(&what)) {
    history_.refused(who, x->id, x->why.code);
    problems_.push_back(who + " was refused for good: " + to_string(x->why));
  } else if (auto* y = std::get_if<client::protocol_error>(&what)) {
    problems_.push_back(who + " was told nonsense: " + to_string(y->what));
  } else if (auto* z = std::get_if<client::stopped>(&what)) {
    problems_.push_back(who + " gave up: " + to_string(z->reason));
  } else if (std::get_if<client::skipped>(&what)) {
    problems_.push_back(who + " was told that entries are gone");
  }
}

void writers::answered(const protocol::sent& what) {
  auto number = numbers_.at(what.id);
  if (unanswered_.erase(number) == 0)
    return;
  submissions_[number].answered = with_.here.steady_now();
}

void writers::refused(const message_id& id, const error& why) {
  submissions_[numbers_.at(id)].refused.emplace_back(with_.here.steady_now(),
                                                     why.code);
  if (!retryable(why.code))
    problems_.push_back("expected a refusal that passes, found "
                        + to_string(why));
}

// -- the verdict --------------------------------------------------------------

std::vector<std::string> writers::judge() {
  std::map<user_id, std::uint64_t> expected;
  for (const auto& x : submissions_)
    ++expected[writers_[x.by].friends[x.shard.value]];
  std::vector<std::unique_ptr<sim_client>> readers;
  for (const auto& x : expected) {
    readers.push_back(client_of(with_.all(), x.first));
    readers.back()->start();
  }
  with_.here.run(1min, [&] {
    return std::all_of(readers.begin(), readers.end(), [&](auto& x) {
      return x->core().position().value >= expected.at(x->user());
    });
  });
  with_.here.run(2s);
  auto out = history_.judge();
  out.insert(out.end(), problems_.begin(), problems_.end());
  for (auto& x : readers)
    if (auto found = x->core().position().value;
        found != expected.at(x->user()))
      out.push_back(x->user().str() + " has " + std::to_string(found)
                    + " messages, expected "
                    + std::to_string(expected.at(x->user())));
  return out;
}

} // namespace iris::sim
