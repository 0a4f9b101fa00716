#include "clients/cpp/core.hpp"
#include "protocol/codec.hpp"
#include "tests/client/model_node.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

namespace convergence_test {

using namespace iris;
using namespace iris::client;
using namespace std::chrono_literals;

namespace {

/// A client and a node with a network between them, in virtual time. What
/// happens next is up to the seed.
class rough_world final : public sink {
public:
  explicit rough_world(std::uint64_t seed)
    : random_(seed), node(random_),
      core(with(), *this, random_source{seed + 1}) {
    core.start(now_, {1'735'689'600'000});
  }

  void run_with_faults(int steps) {
    node.faults(5);
    for (int i = 0; i < steps; ++i)
      happen();
    node.faults(0);
  }

  /// Until nothing is left to do. False if that never comes.
  bool settle() {
    for (int i = 0; i < 200'000; ++i) {
      if (core.unanswered() == 0 && core.position().value == node.inbox.size())
        return true;
      if (!progress())
        pass(core.next_deadline() - now_);
    }
    return false;
  }

  std::vector<std::pair<user_id, message_id>> submitted;
  std::set<message_id> failures;
  std::multiset<message_id> finals;
  std::vector<message> delivered;
  std::vector<error> broken;

private:
  random_source random_;

public:
  model_node node;
  class core core;

private:
  static options with() {
    options out;
    out.endpoints = {"tcp://node:1"};
    out.device = *device_id::parse("phone");
    out.token = [] { return "token"; };
    out.inbox_window = 8;
    out.answer_timeout = 5s;
    out.drain_timeout = 1s;
    return out;
  }

  void happen() {
    switch (random_.below(12)) {
    case 0:
      return submit();
    case 1:
      return node.write_to_user();
    case 2:
      return pass(std::chrono::milliseconds{random_.below(60)});
    case 3:
      if (random_.chance(10))
        return cut();
      if (random_.chance(5))
        return node.drain();
      if (random_.chance(3))
        return go_half_open();
      return;
    default:
      progress();
    }
  }

  bool progress() {
    if (dialling_) {
      dialling_ = false;
      if (random_.chance(20)) {
        core.link_down({errc::no_connection, "refused"}, now_);
      } else {
        node.connect();
        core.link_up(now_);
      }
      return true;
    }
    auto first = random_.below(3);
    for (std::uint64_t i = 0; i < 3; ++i)
      if (try_one((first + i) % 3))
        return true;
    return false;
  }

  bool try_one(std::uint64_t what) {
    if (what == 0)
      return node.step();
    if (what == 1 && !to_node_.empty()) {
      carry_to_node();
      return true;
    }
    if (what == 2 && !node.out.empty()) {
      std::string bytes;
      protocol::encode(node.out.front(), bytes);
      node.out.pop_front();
      core.receive(bytes, now_);
      if (random_.chance(50) || node.out.empty())
        core.flush(now_);
      return true;
    }
    return false;
  }

  void carry_to_node() {
    auto frame = protocol::decode_client(to_node_.front());
    to_node_.pop_front();
    if (!frame)
      node.complaints.push_back(to_string(frame.failure()));
    else
      node.receive(*frame);
  }

  /// Part of what was on its way arrives.
  void cut() {
    for (auto n = random_.below(to_node_.size() + 1); n > 0; --n)
      carry_to_node();
    to_node_.clear();
    node.cut();
    if (!dialling_)
      core.link_down({errc::no_connection, "cut"}, now_);
  }

  /// Nobody tells the client.
  void go_half_open() {
    to_node_.clear();
    node.cut();
  }

  void submit() {
    const char* names[] = {"bob", "carol", "dave"};
    auto to = *user_id::parse(names[random_.below(3)]);
    auto id = core.send(to, std::to_string(submitted.size()), now_);
    if (id)
      submitted.emplace_back(to, *id);
  }

  void pass(std::chrono::nanoseconds duration) {
    auto until = now_ + std::max(duration, std::chrono::nanoseconds{0});
    while (core.next_deadline() <= until) {
      now_ = std::max(now_, core.next_deadline());
      core.tick(now_);
    }
    now_ = until;
  }

  void connect(const std::string&) override { dialling_ = true; }
  void write(const protocol::client_frame& frame) override {
    std::string bytes;
    protocol::encode(frame, bytes);
    to_node_.push_back(std::move(bytes));
  }
  void close() override {
    dialling_ = false;
    to_node_.clear();
    node.cut();
  }
  void handle(event what) override {
    if (auto* x = std::get_if<message>(&what))
      delivered.push_back(std::move(*x));
    if (const auto* x = std::get_if<protocol::sent>(&what))
      finals.insert(x->id);
    if (const auto* x = std::get_if<failed>(&what)) {
      finals.insert(x->id);
      failures.insert(x->id);
    }
    if (const auto* x = std::get_if<protocol_error>(&what))
      broken.push_back(x->what);
  }

  std::chrono::nanoseconds now_ = 1000s;
  bool dialling_ = false;
  std::deque<std::string> to_node_;
};

void check_sends(const rough_world& at) {
  std::map<conversation_id, std::vector<message_id>> expected;
  for (const auto& [to, id] : at.submitted) {
    RC_ASSERT(at.finals.count(id) == 1);
    if (!at.failures.contains(id))
      expected[direct_conversation(*user_id::parse("alice"), to)].push_back(id);
  }
  RC_ASSERT(at.finals.size() == at.submitted.size());
  RC_ASSERT(at.node.logs == expected);
}

void check_inbox(const rough_world& at) {
  RC_ASSERT(at.delivered.size() == at.node.inbox.size());
  for (std::size_t i = 0; i < at.delivered.size(); ++i) {
    RC_ASSERT(at.delivered[i].offset.value == i + 1);
    RC_ASSERT(at.delivered[i].item == at.node.inbox[i]);
  }
}

} // namespace

TEST_CASE("whatever happens, each send has one effect, in order, and each "
          "item is delivered once") {
  auto done = rc::check([](std::uint64_t seed) {
    rough_world at{seed};

    at.run_with_faults(3000);

    RC_ASSERT(at.settle());
    RC_ASSERT(at.node.complaints == std::vector<std::string>{});
    RC_ASSERT(at.broken == std::vector<error>{});
    check_sends(at);
    check_inbox(at);
    RC_CLASSIFY(!at.failures.empty(), "with refusals");
    RC_CLASSIFY(at.submitted.size() > 100, "with many sends");
  });
  CHECK(done);
}

} // namespace convergence_test
