#include "tests/actors/conversation_harness.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <set>

namespace conversation_delivery_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using protocol::item_kind;

namespace {

using delivered_table = std::map<user_id, std::set<std::uint64_t>>;

/// What the members of a group have to be sent, kept in the simplest way.
class membership_model {
public:
  /// The next sequence; those who join see it, those who end do, too.
  void sequenced(const std::vector<user_id>& joins,
                 const std::vector<user_id>& ends) {
    ++head_;
    members_.insert(joins.begin(), joins.end());
    for (const auto& x : members_)
      expected_[x].insert(head_);
    for (const auto& x : ends)
      members_.erase(x);
  }

  const std::set<user_id>& members() const { return members_; }
  const delivered_table& expected() const { return expected_; }

private:
  std::uint64_t head_ = 0;
  std::set<user_id> members_;
  delivered_table expected_;
};

/// Users on all shards, a group that changes at random, and shards that take
/// what they are sent in any batching, sometimes twice.
class delivery_run {
public:
  explicit delivery_run(std::uint64_t seed)
    : it_(group_conversation(user("u0"), id_at(1))), random_(seed) {
    for (int i = 0; i < 10; ++i)
      users_.push_back(user("u" + std::to_string(i)));
    submit(users_[0], item_kind::group_created, some_users());
  }

  void step() {
    switch (random_.below(10)) {
    case 0:
      return submit(some_user(), item_kind::members_added, some_users());
    case 1:
      return submit(some_user(), item_kind::members_removed, some_users());
    case 2:
      return submit(some_user(), item_kind::member_left, {});
    case 3:
      return store_cursors();
    case 4:
      return remove_some();
    case 5:
      return random_.chance(50) ? it_.reload() : deliver_some();
    case 6:
    case 7:
      return deliver_some();
    default:
      return submit(some_user(), item_kind::message, {});
    }
  }

  /// Nothing is left to be sent, and each member got exactly its part.
  void finish() {
    it_.reload();
    while (!it_->behind(it_->head()).empty())
      deliver_some();
    store_cursors();
    RC_ASSERT(delivered_ == model_.expected());
    RC_ASSERT(it_->removable() == it_->head());
    it_.reload();
    RC_ASSERT(it_->behind(it_->head()).empty());
    std::set<user_id> members;
    for (const auto& x : it_->members().list)
      members.insert(x.user);
    RC_ASSERT(members == model_.members());
  }

private:
  const user_id& some_user() { return users_[random_.below(users_.size())]; }

  std::vector<user_id> some_users() {
    std::vector<user_id> out;
    for (const auto& x : users_)
      if (random_.chance(25))
        out.push_back(x);
    return out;
  }

  void submit(const user_id& who, item_kind kind, std::vector<user_id> named) {
    auto decision = it_.submit(who, it_.change(kind, named));
    auto taken =
      std::holds_alternative<conversation_machine::accepted>(decision);
    if (kind == item_kind::message)
      RC_ASSERT(taken == model_.members().contains(who));
    if (!taken)
      return;
    if (kind == item_kind::member_left)
      return model_.sequenced({}, {who});
    if (kind == item_kind::members_removed)
      return model_.sequenced({}, named);
    if (kind == item_kind::group_created)
      named.push_back(who);
    model_.sequenced(named, {});
  }

  void deliver_some() {
    auto behind = it_->behind(it_->head());
    if (behind.empty())
      return;
    auto [where, cursor] = behind[random_.below(behind.size())];
    RC_ASSERT(cursor.value >= it_->floor().position);
    auto from = cursor.value + 1;
    auto to = std::min(it_->head().value, from + random_.below(5));
    for (const auto& x : it_->recipients(where, {from}, {to})) {
      RC_ASSERT(persistence::shard_of(ref_of(x.user), it_.shards) == where);
      RC_ASSERT(x.from.value >= from);
      RC_ASSERT(x.from <= x.to);
      RC_ASSERT(x.to.value <= to);
      for (auto i = x.from.value; i <= x.to.value; ++i)
        delivered_[x.user].insert(i);
    }
    if (random_.chance(80))
      it_->delivered(where, {to});
  }

  void store_cursors() {
    persistence::writes out;
    it_->store_cursors(out);
    RC_ASSERT(out.only_below(it_.keys.prefix()));
    it_.db.apply(out);
    persistence::writes again;
    it_->store_cursors(again);
    RC_ASSERT(again.empty());
  }

  void remove_some() {
    auto floor = it_->floor().position;
    auto limit = it_->removable().value;
    RC_ASSERT(limit >= floor);
    auto upto = floor + random_.below(limit - floor + 1);
    if (upto == floor)
      return;
    persistence::writes out;
    it_->removed({upto}, {it_.now}, out);
    it_.db.apply(out);
    RC_ASSERT(log(it_).size() == it_->head().value - upto);
  }

  conversation_harness it_;
  random_source random_;
  std::vector<user_id> users_;
  membership_model model_;
  delivered_table delivered_;
};

/// u0 to u9, two of them on one shard at least.
struct group : conversation_harness {
  group() : conversation_harness(group_conversation(user("a"), id_at(1))) {
    ok(user("a"), change(item_kind::group_created, {}));
  }

  shard_id home(const user_id& who) const {
    return persistence::shard_of(ref_of(who), shards);
  }

  void store_cursors() {
    persistence::writes out;
    machine().store_cursors(out);
    db.apply(out);
  }

  conversation_machine& machine() { return *operator->(); }

  std::vector<std::string> stored(record kind) const {
    return db.keys(keys.all(kind));
  }
};

using span = std::pair<std::uint64_t, std::uint64_t>;

std::vector<span> spans(const std::vector<conversation_machine::recipient>& of,
                        const user_id& who) {
  std::vector<span> out;
  for (const auto& x : of)
    if (x.user == who)
      out.emplace_back(x.from.value, x.to.value);
  return out;
}

} // namespace

TEST_CASE("each member is sent exactly what it may see, in any batching") {
  CHECK(rc::check([](std::uint64_t seed) {
    delivery_run run{seed};
    auto steps = *rc::gen::inRange(0, 200);
    for (int i = 0; i < steps; ++i)
      run.step();
    run.finish();
  }));
}

TEST_CASE("a shard's part is cut to the range asked for") {
  group it;
  auto b = user("b");
  it.ok(user("a"), it.change(item_kind::members_added, {b}));   // 2
  it.ok(user("a"), it.message("x"));                            // 3
  it.ok(user("a"), it.change(item_kind::members_removed, {b})); // 4
  it.ok(user("a"), it.message("not for b"));                    // 5
  it.ok(user("a"), it.change(item_kind::members_added, {b}));   // 6
  it.ok(user("a"), it.message("y"));                            // 7
  auto part = [&](std::uint64_t from, std::uint64_t to) {
    return spans(it->recipients(it.home(b), {from}, {to}), b);
  };

  CHECK(part(1, 7) == std::vector<span>{{2, 4}, {6, 7}});
  CHECK(part(3, 6) == std::vector<span>{{3, 4}, {6, 6}});
  CHECK(part(1, 1).empty());
  CHECK(part(5, 5).empty());
  CHECK(spans(it->recipients({99}, {1}, {7}), b).empty());
}

TEST_CASE("a shard is behind until it has got the committed head") {
  group it;
  auto home = it.home(user("a"));
  it.ok(user("a"), it.message("x"));
  using cursors = std::vector<std::pair<shard_id, sequence>>;

  CHECK(it->behind({2}) == cursors{{home, {0}}});
  it->delivered(home, {1});
  CHECK(it->behind({1}).empty());
  CHECK(it->behind({2}) == cursors{{home, {1}}});
  it->delivered(home, {2});
  it->delivered(home, {1}); // Late news.
  it->delivered({99}, {7}); // A shard without members.
  CHECK(it->behind({2}).empty());
}

TEST_CASE("cursors are stored when they moved, once") {
  group it;
  it->delivered(it.home(user("a")), {1});

  it.store_cursors();

  auto stored = it.db.reader().get(it.keys.fan_out(it.home(user("a"))));
  REQUIRE(stored);
  CHECK(*decode_number(**stored) == 1);
  persistence::writes out;
  it->store_cursors(out);
  CHECK(out.empty());
}

TEST_CASE("after a crash delivery goes on where the cursor was stored") {
  group it;
  auto home = it.home(user("a"));
  it->delivered(home, {1});
  it.store_cursors();
  it.ok(user("a"), it.message("x"));
  it->delivered(home, {2});

  it.reload();

  CHECK(it->behind({2}).front().second == sequence{1});
}

TEST_CASE("without a stored cursor all is sent again, from the first joined") {
  group it;
  auto b = user("b");
  it.ok(user("a"), it.change(item_kind::members_added, {b}));
  it->delivered(it.home(b), {2});

  it.reload();

  for (const auto& [where, cursor] : it->behind({2}))
    CHECK(cursor.value == (where == it.home(user("a")) ? 0U : 1U));
}

TEST_CASE("a member who left is forgotten once it has got everything") {
  group it;
  auto b = user("b");
  it.ok(user("a"), it.change(item_kind::members_added, {b}));
  it.ok(user("a"), it.change(item_kind::members_removed, {b}));
  it->delivered(it.home(b), {2});
  it.store_cursors();
  CHECK(it.stored(record::member).size() == 2);

  it->delivered(it.home(b), {3});
  it.store_cursors();

  CHECK(it.stored(record::member)
        == std::vector{it.keys.of(record::member, "a")});
  it.ok(user("a"), it.change(item_kind::members_added, {b}));
  CHECK(it->readable_from(b) == sequence{4});
}

TEST_CASE("nothing is removed that somebody has not got") {
  group it;
  it.ok(user("a"), it.message("x"));
  it->delivered(it.home(user("a")), {1});
  persistence::writes out;

  CHECK(it->removable() == sequence{1});
  CHECK_THROWS_AS(it->removed({2}, {it.now}, out), invariant_broken);
  it->removed({1}, {it.now}, out);
  it.db.apply(out);

  CHECK(log(it).size() == 1);
  CHECK(it->floor().position == 1);
  CHECK(it->readable_from(user("a")) == sequence{2});
  it.reload();
  CHECK(it->floor().position == 1);
  CHECK(it->floor().at == timestamp{it.now});
}

TEST_CASE("what retention removed is not sent again after a crash") {
  group it;
  it->delivered(it.home(user("a")), {1});
  persistence::writes out;
  it->removed({1}, {it.now}, out);
  it.db.apply(out);

  it.reload();

  // The log is empty, and its head is still 1.
  CHECK(it->head() == sequence{1});
  CHECK(it->behind(it->head()).empty());
  CHECK(it->removable() == sequence{1});
}

TEST_CASE("a log that was removed goes on where it was, and when") {
  group it;
  it->delivered(it.home(user("a")), {1});
  persistence::writes out;
  timestamp last{it.now};
  it->removed({1}, last, out);
  it.db.apply(out);
  it.reload();

  it.now -= 5000;
  auto next = it.ok(user("a"), it.message("x"));

  CHECK(next.seq == sequence{2});
  CHECK(next.at == last);
}

} // namespace conversation_delivery_test
