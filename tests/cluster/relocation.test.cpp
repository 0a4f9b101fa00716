#include "cluster/relocation.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <sstream>

namespace relocation_test {

using namespace iris;
using namespace iris::cluster;
using raft::server_role;

namespace {

std::vector<node_id> ids(std::initializer_list<std::uint64_t> xs) {
  std::vector<node_id> out;
  for (auto x : xs)
    out.push_back({x});
  return out;
}

std::set<node_id> set_of(std::initializer_list<std::uint64_t> xs) {
  std::set<node_id> out;
  for (auto x : xs)
    out.insert({x});
  return out;
}

/// These voters and standbys, led by the first voter, all in the best of
/// shape.
group_view group(std::initializer_list<std::uint64_t> voters,
                 std::initializer_list<std::uint64_t> standbys = {}) {
  group_view out;
  out.self = {*voters.begin()};
  for (auto x : voters)
    out.servers.push_back({{x}});
  for (auto x : standbys)
    out.servers.push_back({{x}, server_role::standby});
  std::sort(out.servers.begin(), out.servers.end(),
            [](const auto& x, const auto& y) { return x.id < y.id; });
  out.heard = out.abreast = out.caught_up = set_of(voters);
  for (auto x : standbys)
    out.heard.insert({x});
  return out;
}

placement at(std::initializer_list<std::uint64_t> voters,
             std::initializer_list<std::uint64_t> learners = {}) {
  return {ids(voters), ids(learners), {}};
}

std::string text(const relocation_step& what) {
  std::ostringstream out;
  if (auto* x = std::get_if<change_to>(&what))
    for (const auto& y : x->next)
      out << (y.role == server_role::voter ? "" : "+") << y.id.value << ' ';
  else if (auto* up = std::get_if<bring_up>(&what))
    out << "bring up " << up->who.value;
  else if (auto* over = std::get_if<hand_over_to>(&what))
    out << "hand over to " << over->who.value;
  return out.str();
}

std::string next(const group_view& view, const placement& wanted) {
  return text(next_step(view, wanted));
}

} // namespace

TEST_CASE("a group that nobody has placed stays as it is") {
  CHECK(next(group({1, 2}), {}).empty());
}

TEST_CASE("a wanted server begins as a standby") {
  CHECK(next(group({1}), at({1, 2, 3})) == "1 +2 ");
  CHECK(next(group({1}, {2}), at({1, 2, 3})) == "1 +2 +3 ");
}

TEST_CASE("a standby is brought up once it was heard") {
  auto view = group({1}, {2, 3});
  CHECK(next(view, at({1, 2, 3})) == "bring up 2");
  view.tried = node_id{2};
  CHECK(next(view, at({1, 2, 3})) == "bring up 3");
  view.tried = node_id{3};
  CHECK(next(view, at({1, 2, 3})) == "bring up 2");
  view.heard = set_of({3});
  CHECK(next(view, at({1, 2, 3})) == "bring up 3");
  view.heard = {};
  CHECK(next(view, at({1, 2, 3})).empty());
}

TEST_CASE("a standby becomes a voter when it has caught up") {
  auto view = group({1}, {2});
  view.caught_up = set_of({2});
  CHECK(next(view, at({1, 2})) == "1 2 ");
  view.heard = {};
  CHECK(next(view, at({1, 2})).empty());
}

TEST_CASE("who is wanted without a vote stays a standby") {
  auto view = group({1}, {2});
  view.caught_up = set_of({2});
  CHECK(next(view, at({1}, {2})).empty());
  CHECK(next(group({1}), at({1}, {2})) == "1 +2 ");
}

TEST_CASE("a standby that is not wanted goes") {
  CHECK(next(group({1}, {2}), at({1})) == "1 ");
}

TEST_CASE("a voter goes when another has taken its place") {
  CHECK(next(group({1, 2, 3}), at({1, 2, 4})) == "1 2 3 +4 ");
  CHECK(next(group({1, 2, 3}, {4}), at({1, 2, 4})) == "bring up 4");
  CHECK(next(group({1, 2, 3, 4}), at({1, 2, 4})) == "1 2 4 ");
}

TEST_CASE("a group shrinks by one at a time") {
  CHECK(next(group({1, 2, 3}), at({1})) == "1 3 ");
  CHECK(next(group({1, 3}), at({1})) == "1 ");
}

TEST_CASE("a voter goes whole, and comes back without a vote") {
  CHECK(next(group({1, 2, 3}), at({1, 2}, {3})) == "1 2 ");
  CHECK(next(group({1, 2}), at({1, 2}, {3})) == "1 2 +3 ");
}

TEST_CASE("who is silent goes first") {
  auto view = group({1, 2, 3, 4, 5});
  view.heard = set_of({2, 3, 5});
  CHECK(next(view, at({1, 2, 5})) == "1 2 3 5 ");
}

TEST_CASE("no voter goes while too few of the others were heard") {
  auto view = group({1, 2, 3, 4, 5});
  view.heard = set_of({4, 5});
  CHECK(next(view, at({1, 2, 3})).empty());
  view.heard = set_of({2, 4, 5});
  CHECK(next(view, at({1, 2, 3})) == "1 2 3 5 ");
  // Who is behind may have to copy the state, and has no vote then.
  view.abreast = set_of({4, 5});
  CHECK(next(view, at({1, 2, 3})).empty());
  view = group({1, 2});
  view.heard = {};
  CHECK(next(view, at({1})) == "1 ");
}

TEST_CASE("a leader hands over before it would go") {
  CHECK(next(group({1, 2, 3, 4}), at({2, 3, 4})) == "hand over to 2");
  auto view = group({1, 2, 3, 4});
  view.abreast = set_of({3, 4});
  CHECK(next(view, at({2, 3, 4})) == "hand over to 3");
  view.abreast = {};
  CHECK(next(view, at({2, 3, 4})).empty());
  // The others go before.
  CHECK(next(group({1, 2, 3, 4}), at({3, 4})) == "1 3 4 ");
}

TEST_CASE("leadership goes where it is wanted, once the leader has rested") {
  auto view = group({1, 2, 3});
  CHECK(next(view, at({2, 1, 3})).empty());
  view.rested = true;
  CHECK(next(view, at({2, 1, 3})) == "hand over to 2");
  CHECK(next(view, at({1, 2, 3})).empty());
  view.heard = set_of({3});
  CHECK(next(view, at({2, 1, 3})).empty());
  // Or next to there, for as long as it can't go there.
  CHECK(next(view, at({2, 3, 1})) == "hand over to 3");
  view.heard = set_of({2, 3});
  view.abreast = set_of({3});
  CHECK(next(view, at({2, 1, 3})).empty());
}

TEST_CASE("a leader that is about to end hands over to whoever can lead") {
  auto view = group({1, 2, 3});
  view.leaving = true;
  CHECK(next(view, {}) == "hand over to 2");
  CHECK(next(view, at({1, 3, 2})) == "hand over to 3");
  view.abreast = set_of({2});
  CHECK(next(view, at({1, 3, 2})) == "hand over to 2");
  view.abreast = {};
  CHECK(next(view, at({1, 3, 2})).empty());
}

} // namespace relocation_test
