#include "actors/dedup_index.hpp"

#include "tests/actors/support.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace dedup_index_test {

using namespace iris;
using namespace iris::actors;
using iris::actors::test::id_at;
using iris::actors::test::user;

namespace {

using answer = dedup_index::answer;
using table = std::map<dedup_index::key, dedup_record>;

dedup_index::key key(std::int64_t ms, std::uint64_t salt = 0) {
  return {id_at(ms, salt), user("alice")};
}

dedup_record at_sequence(std::uint64_t seq) {
  return {{seq}, {0}, seq * 7};
}

/// As conversation_state::load reads it.
void load(dedup_index& index, const table& stored) {
  table newest;
  for (auto i = stored.rbegin();
       i != stored.rend() && newest.size() <= dedup_index::entries_max; ++i)
    newest.insert(*i);
  index.load(newest, stored.size() <= dedup_index::entries_max);
}

/// As the conversation asks: of the store when the index can't tell.
std::pair<answer, dedup_record> find(dedup_index& index, const table& stored,
                                     const dedup_index::key& id) {
  auto found = index.find(id);
  if (found.first != answer::unknown)
    return found;
  auto i = stored.find(id);
  index.looked_up(id,
                  i == stored.end() ? std::nullopt : std::optional{i->second});
  return index.find(id);
}

} // namespace

TEST_CASE("a new index knows that every id is fresh") {
  dedup_index index;

  CHECK(index.find(key(0)).first == answer::fresh);
  CHECK(index.find(key(1'000'000)).first == answer::fresh);
}

TEST_CASE("what was inserted is known, with where it went") {
  dedup_index index;
  index.insert(key(5), at_sequence(3));

  CHECK(index.find(key(5)) == std::pair{answer::known, at_sequence(3)});
  CHECK(index.find(key(5, 1)).first == answer::fresh);
  CHECK(index.find({id_at(5), user("bob")}).first == answer::fresh);
}

TEST_CASE("ids newer than what was pushed out need no look at the store") {
  dedup_index index;
  for (std::int64_t i = 0; i <= std::int64_t{dedup_index::entries_max}; ++i)
    index.insert(key(1000 + i), at_sequence(1));

  // 1000 was pushed out; another id of that time may have been, too.
  CHECK(index.find(key(999)).first == answer::unknown);
  CHECK(index.find(key(1000)).first == answer::unknown);
  CHECK(index.find(key(1000, 1)).first == answer::unknown);
  CHECK(index.find(key(1001)).first == answer::known);
  CHECK(index.find(key(1001, 1)).first == answer::fresh);
  CHECK(index.find(key(9999)).first == answer::fresh);
}

TEST_CASE("an old id that is pushed out at once is asked for in the store") {
  dedup_index index;
  for (std::int64_t i = 0; i < std::int64_t{dedup_index::entries_max}; ++i)
    index.insert(key(1000 + i), at_sequence(1));

  index.insert(key(10), at_sequence(65));

  CHECK(index.find(key(10)).first == answer::unknown);
  CHECK(index.find(key(1000)).first == answer::known);
  CHECK(index.find(key(11)).first == answer::fresh);
}

TEST_CASE("a lookup answers until it is forgotten") {
  dedup_index index;
  table stored;
  for (std::int64_t i = 0; i < 100; ++i)
    stored[key(i)] = at_sequence(1);
  load(index, stored);

  index.looked_up(key(1, 1), std::nullopt);
  index.looked_up(key(2), at_sequence(9));
  CHECK(index.find(key(1, 1)).first == answer::fresh);
  CHECK(index.find(key(2)) == std::pair{answer::known, at_sequence(9)});

  index.forget_lookups();
  CHECK(index.find(key(1, 1)).first == answer::unknown);
  CHECK(index.find(key(2)).first == answer::unknown);
}

TEST_CASE("an index and its store know exactly what was inserted") {
  CHECK(rc::check([](std::uint64_t seed) {
    random_source random{seed};
    dedup_index index;
    table stored;
    auto steps = *rc::gen::inRange(0, 600);
    // Few times and salts, so that ids meet again and share their times.
    auto some_key = [&] {
      return dedup_index::key{
        id_at(static_cast<std::int64_t>(random.below(120)), random.below(3)),
        user(random.chance(80) ? "alice" : "bob")};
    };
    for (int i = 0; i < steps; ++i) {
      if (random.chance(2))
        load(index, stored);
      auto id = some_key();
      auto [found, where] = find(index, stored, id);
      auto known = stored.find(id);
      RC_ASSERT(found
                == (known == stored.end() ? answer::fresh : answer::known));
      if (known != stored.end()) {
        RC_ASSERT(where == known->second);
      } else if (random.chance(70)) {
        stored[id] = at_sequence(static_cast<std::uint64_t>(i));
        index.forget_lookups();
        index.insert(id, stored[id]);
      }
    }
  }));
}

} // namespace dedup_index_test
