#include "actors/user_machine.hpp"

#include "actors/log_reader.hpp"
#include "protocol/frames.hpp"
#include "tests/actors/support.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace user_machine_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;

namespace {

conversation_id conversation(std::uint64_t n) {
  return group_conversation(user("alice"), id_at(1, n));
}

std::vector<item_bytes> some_items(const std::string& name, std::uint64_t first,
                                   std::uint64_t last) {
  std::vector<item_bytes> out;
  for (auto i = first; i <= last; ++i)
    out.push_back(bytes_of(name + std::to_string(i)));
  return out;
}

/// A user machine as its shell drives it, everything committed at once.
struct user_harness {
  explicit user_harness(user_options with = {}) : options(with) { reload(); }

  void reload() {
    auto found = user_state::load(db.reader(), keys);
    REQUIRE(found);
    machine.emplace(keys, options);
    machine->load(std::move(*found));
  }

  /// Items first to last of the n-th conversation.
  void append(std::uint64_t n, std::uint64_t first, std::uint64_t last) {
    auto items = some_items(std::to_string(n) + ":", first, last);
    for (;;) {
      persistence::writes out;
      auto unknown = machine->append(conversation(n), {first}, items, out);
      if (!unknown) {
        db.apply(out);
        if (commits && !out.empty())
          machine->written(conversation(n));
        return;
      }
      ++lookups;
      CHECK(out.empty());
      CHECK(unknown->conversation == conversation(n));
      auto found =
        db.reader().get(keys.of(record::seen, unknown->conversation.bytes()));
      REQUIRE(found);
      machine->looked_up(unknown->conversation,
                         {*found ? *decode_number(**found) : 0});
    }
  }

  result<device_record> attach(std::string_view name) {
    persistence::writes out;
    auto device = machine->attach(test::device(name), {now}, out);
    db.apply(out);
    return device;
  }

  void known(std::string_view name) { REQUIRE(attach(name)); }

  void store_cursors() {
    persistence::writes out;
    machine->store_cursors(out);
    db.apply(out);
  }

  void remove_to(std::uint64_t upto) {
    persistence::writes out;
    machine->removed({upto}, out);
    db.apply(out);
  }

  /// What the store holds behind the floor, in order.
  std::vector<std::string> inbox() const {
    std::vector<std::string> out;
    auto expected = machine->floor().value;
    for (const auto& key : db.keys(keys.all(record::inbox))) {
      CHECK(keyring::position(key) == ++expected);
      out.push_back(**db.reader().get(key));
    }
    CHECK(expected == machine->head().value);
    return out;
  }

  inbox_offset cursor(std::string_view name) const {
    return machine->devices().at(test::device(name)).cursor;
  }

  const user_options options;
  const keyring keys{{0}, ref_of(user("alice"))};
  store db;
  std::optional<user_machine> machine;
  std::int64_t now = 1000;
  int lookups = 0;
  /// Whether the machine hears that what it wrote is committed.
  bool commits = true;
};

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("items of all conversations get the next offsets") {
  user_harness it;

  it.append(1, 1, 2);
  it.append(2, 7, 7);
  it.append(1, 3, 3);

  CHECK(it.inbox() == lines{"1:1", "1:2", "2:7", "1:3"});
  CHECK(it.machine->head() == inbox_offset{4});
}

TEST_CASE("what was delivered before is dropped, the rest is kept") {
  user_harness it;
  it.append(1, 1, 3);

  it.append(1, 1, 3);
  it.append(1, 2, 5);
  it.append(1, 4, 4);

  CHECK(it.inbox() == lines{"1:1", "1:2", "1:3", "1:4", "1:5"});
}

TEST_CASE("a batch that brings nothing new stores nothing") {
  user_harness it;
  it.append(1, 1, 3);
  persistence::writes out;

  CHECK_FALSE(
    it.machine->append(conversation(1), {2}, some_items("1:", 2, 3), out));
  CHECK_FALSE(it.machine->append(conversation(1), {4}, {}, out));

  CHECK(out.empty());
}

TEST_CASE("who comes back to a group misses what was sequenced between") {
  user_harness it;
  it.append(1, 1, 2);

  it.append(1, 6, 7);

  CHECK(it.inbox() == lines{"1:1", "1:2", "1:6", "1:7"});
}

TEST_CASE("the store is asked once for each conversation") {
  user_harness it;
  it.append(1, 1, 1);
  it.append(1, 2, 2);
  it.append(2, 1, 1);
  CHECK(it.lookups == 2);

  it.reload();
  it.append(1, 1, 3);

  CHECK(it.lookups == 3);
  CHECK(it.inbox() == lines{"1:1", "1:2", "2:1", "1:3"});
}

TEST_CASE("a conversation is not forgotten before its write is committed") {
  user_options two;
  two.seen_max = 2;
  user_harness it{two};
  it.commits = false;
  it.append(1, 1, 1);
  it.commits = true;
  for (std::uint64_t other : {2, 3, 4})
    it.append(other, 1, 1);
  CHECK(it.lookups == 4);

  it.append(1, 2, 2);
  CHECK(it.lookups == 4);

  it.machine->written(conversation(1));
  it.append(5, 1, 1);
  it.append(6, 1, 1);
  CHECK(it.lookups == 6);
  it.append(1, 2, 3);
  CHECK(it.lookups == 7);
  CHECK(it.machine->head().value == 8);
}

TEST_CASE("the least recently used conversation is forgotten first") {
  user_options two;
  two.seen_max = 2;
  user_harness it{two};
  it.append(1, 1, 1);
  it.append(2, 1, 1);
  it.append(1, 2, 2);
  it.append(3, 1, 1); // Pushes 2 out.
  CHECK(it.lookups == 3);

  it.append(1, 3, 3);
  CHECK(it.lookups == 3);
  it.append(2, 1, 2);
  CHECK(it.lookups == 4);
  CHECK(it.inbox() == lines{"1:1", "2:1", "1:2", "3:1", "1:3", "2:2"});
}

TEST_CASE("an inbox is what was delivered, each item once and in order") {
  CHECK(rc::check([](std::uint64_t seed) {
    random_source random{seed};
    user_options few;
    few.seen_max = 3;
    few.tail_bytes_max = 32;
    user_harness it{few};
    lines expected;
    std::uint64_t removed = 0;
    std::map<std::uint64_t, std::uint64_t> last;
    it.known("phone");
    auto steps = *rc::gen::inRange(0, 200);
    for (int i = 0; i < steps; ++i) {
      if (random.chance(5))
        it.reload();
      auto n = random.below(6);
      // Overlaps what came before, or goes on, or leaves some out.
      auto first = 1 + last[n]
                   - random.below(std::min<std::uint64_t>(4, last[n] + 1))
                   + (random.chance(10) ? 3 : 0);
      auto end = first + random.below(5);
      it.append(n, first, end);
      for (auto s = first; s <= end; ++s)
        if (s > last[n])
          expected.push_back(std::to_string(n) + ":" + std::to_string(s));
      last[n] = std::max(last[n], end);
      if (random.chance(20)) {
        it.machine->acknowledge(device("phone"),
                                {random.below(expected.size() + 1)});
        it.store_cursors();
        auto upto = it.machine->removable().value;
        RC_ASSERT(upto >= removed);
        it.remove_to(removed = upto);
      }
    }
    RC_ASSERT(it.machine->head().value == expected.size());
    RC_ASSERT(it.machine->floor().value == removed);
    expected.erase(expected.begin(),
                   expected.begin() + static_cast<std::ptrdiff_t>(removed));
    RC_ASSERT(it.inbox() == expected);
    it.reload();
    RC_ASSERT(it.inbox() == expected);
  }));
}

TEST_CASE("a new device begins at the floor, one that is known where it was") {
  user_harness it;
  it.known("old");
  it.append(1, 1, 5);
  it.machine->acknowledge(device("old"), {3});
  it.store_cursors();
  it.remove_to(2);

  CHECK(it.attach("new")->cursor == inbox_offset{2});
  CHECK(it.attach("old")->cursor == inbox_offset{3});
  it.reload();
  CHECK(it.attach("new")->cursor == inbox_offset{2});
  CHECK(it.attach("old")->cursor == inbox_offset{3});
}

TEST_CASE("a user has at most as many devices as the operator allows") {
  user_options two;
  two.devices_max = 2;
  user_harness it{two};
  CHECK(it.attach("a"));
  CHECK(it.attach("b"));

  CHECK(it.attach("c").failure().code == errc::too_many_devices);
  CHECK(it.attach("a"));

  persistence::writes out;
  CHECK(it.machine->remove(device("a"), out));
  it.db.apply(out);
  CHECK(it.attach("c"));
  it.reload();
  CHECK(it.machine->devices().size() == 2);
  CHECK(it.attach("a").failure().code == errc::too_many_devices);
}

TEST_CASE("who may have no more devices is told of those he has") {
  user_options two;
  two.devices_max = 2;
  user_harness it{two};
  REQUIRE(it.attach("phone"));
  REQUIRE(it.attach("laptop"));

  CHECK(it.attach("tablet").failure().context
        == "expected at most 2 devices, found laptop, phone: remove one first");
}

TEST_CASE("of many devices with long names no more are told than fit") {
  user_options many;
  many.devices_max = 20;
  user_harness it{many};
  for (char x = 'a'; x < 'a' + 20; ++x)
    REQUIRE(it.attach(std::string(64, x)));

  auto text = it.attach("tablet").failure().context;

  CHECK(text.size() <= protocol::limits::text_bytes_max);
  std::string expected(64, 'l');
  expected += " and 8 more: remove one first";
  CHECK(text.ends_with(expected));
}

TEST_CASE("only a device that is there can be removed") {
  user_harness it;
  it.known("a");
  persistence::writes out;

  CHECK(it.machine->remove(device("b"), out).failure().code == errc::not_found);
  CHECK(out.empty());
  CHECK(it.machine->remove(device("a"), out));
  CHECK(it.machine->remove(device("a"), out).failure().code == errc::not_found);
}

TEST_CASE("a cursor moves forward only, and not beyond the head") {
  user_harness it;
  it.known("a");
  it.append(1, 1, 5);
  auto acknowledge = [&](std::string_view name, std::uint64_t upto) {
    it.machine->acknowledge(device(name), {upto});
  };

  acknowledge("a", 0);
  CHECK_FALSE(it.machine->cursors_moved());
  acknowledge("a", 3);
  CHECK(it.machine->cursors_moved());
  acknowledge("a", 2);
  acknowledge("a", 6);
  acknowledge("unknown", 5);
  CHECK(it.cursor("a") == inbox_offset{3});
  acknowledge("a", 5);
  CHECK(it.cursor("a") == inbox_offset{5});
  CHECK(it.machine->devices().size() == 1);
}

TEST_CASE("cursors are stored once for each time they moved") {
  user_harness it;
  it.known("a");
  it.append(1, 1, 5);
  it.machine->acknowledge(device("a"), {3});

  it.store_cursors();

  CHECK_FALSE(it.machine->cursors_moved());
  persistence::writes out;
  it.machine->store_cursors(out);
  CHECK(out.empty());
  it.reload();
  CHECK(it.cursor("a") == inbox_offset{3});
}

TEST_CASE("when a device was last here is kept, with its cursor") {
  user_harness it;
  it.known("a");
  it.append(1, 1, 5);
  it.machine->acknowledge(device("a"), {4});
  persistence::writes out;

  it.machine->detach(device("a"), {9000}, out);
  it.machine->detach(device("unknown"), {9000}, out);
  it.db.apply(out);
  it.reload();

  CHECK(it.machine->devices().size() == 1);
  CHECK(it.cursor("a") == inbox_offset{4});
  CHECK(it.machine->devices().at(device("a")).seen == timestamp{9000});
}

TEST_CASE("what every device has acknowledged may be removed") {
  user_harness it;
  it.append(1, 1, 5);
  CHECK(it.machine->removable() == inbox_offset{0}); // Never connected.

  it.known("a");
  it.known("b");
  it.machine->acknowledge(device("a"), {4});
  CHECK(it.machine->removable() == inbox_offset{0});
  it.machine->acknowledge(device("b"), {2});
  CHECK(it.machine->removable() == inbox_offset{2});

  persistence::writes out;
  CHECK(it.machine->remove(device("b"), out));
  CHECK(it.machine->removable() == inbox_offset{4});
}

TEST_CASE("removing keeps the offsets of what remains") {
  user_harness it;
  it.known("a");
  it.append(1, 1, 5);
  it.machine->acknowledge(device("a"), {5});

  it.remove_to(3);
  CHECK(it.inbox() == lines{"1:4", "1:5"});
  it.remove_to(5);
  CHECK(it.inbox().empty());
  it.reload();
  it.append(1, 5, 6);

  CHECK(it.machine->head() == inbox_offset{6});
  CHECK(it.inbox() == lines{"1:6"});
}

TEST_CASE("removing neither goes back nor beyond the head") {
  user_harness it;
  it.append(1, 1, 5);
  it.remove_to(3);
  persistence::writes out;

  CHECK_THROWS_AS(it.machine->removed({2}, out), invariant_broken);
  CHECK_THROWS_AS(it.machine->removed({6}, out), invariant_broken);
}

TEST_CASE("what a device acknowledged is stored with what is removed") {
  user_harness it;
  it.known("phone");
  it.append(1, 1, 5);
  it.machine->acknowledge(device("phone"), {4});

  it.remove_to(3);
  it.reload();

  CHECK(it.cursor("phone") == inbox_offset{4});
  CHECK(it.machine->floor() == inbox_offset{3});
}

} // namespace user_machine_test
