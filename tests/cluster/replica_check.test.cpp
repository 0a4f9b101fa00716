#include "cluster/replica_check.hpp"

#include <doctest/doctest.h>

namespace replica_check_test {

using namespace iris;
using namespace iris::cluster;

namespace {

constexpr node_id a{1}, b{2}, c{3};
using nodes = std::vector<node_id>;
const nodes all{a, b, c};

} // namespace

TEST_CASE("checkpoints are at the same entries of every replica") {
  replica_check check{64};
  CHECK_FALSE(check.applied({63, 1}));
  CHECK(check.applied({64, 2}));
  CHECK_FALSE(check.applied({65, 3}));
  CHECK(check.applied({128, 4}));
}

TEST_CASE("who differs from a majority is wrong, whoever speaks first") {
  for (const auto& order : {nodes{a, b, c}, nodes{c, b, a}, nodes{b, c, a}}) {
    replica_check check{1};
    nodes wrong;
    for (auto who : order) {
      auto found = check.said(who, {7, who == c ? 66u : 55u}, all);
      if (!found.wrong.empty())
        CHECK(found.right == checkpoint{7, 55});
      wrong.insert(wrong.end(), found.wrong.begin(), found.wrong.end());
    }
    CHECK(wrong == nodes{c});
  }
}

TEST_CASE("who has no vote is compared, and counts for nothing") {
  constexpr node_id learner{4};
  replica_check check{1};
  CHECK(check.said(learner, {7, 66}, all).wrong.empty());
  CHECK(check.said(a, {7, 66}, all).wrong.empty());
  CHECK(check.said(b, {7, 55}, all).wrong.empty());
  CHECK(check.said(c, {7, 55}, all).wrong == nodes{a, learner});

  replica_check of_one{1};
  of_one.said(a, {7, 55}, {a});
  CHECK(of_one.said(learner, {7, 66}, {a}).wrong == nodes{learner});
}

TEST_CASE("without a majority nobody is wrong") {
  replica_check check{1};
  CHECK(check.said(a, {7, 1}, {a, b}).wrong.empty());
  CHECK(check.said(b, {7, 2}, {a, b}).wrong.empty());

  replica_check of_three{1};
  CHECK(of_three.said(a, {7, 1}, all).wrong.empty());
  CHECK(of_three.said(b, {7, 2}, all).wrong.empty());
  CHECK(of_three.said(c, {7, 3}, all).wrong.empty());
}

TEST_CASE("who comes later is compared too, until others are long ahead") {
  replica_check check{1};
  check.said(a, {1, 10}, all);
  check.said(b, {1, 10}, all);
  CHECK(check.said(c, {1, 11}, all).wrong == nodes{c});

  for (std::uint64_t i = 2; i < 2 + replica_check::kept_max; ++i) {
    check.said(a, {i, 10}, all);
    check.said(b, {i, 10}, all);
  }
  CHECK(check.said(c, {1, 11}, all).wrong.empty());
  CHECK(check.said(c, {2, 11}, all).wrong == nodes{c});
}

TEST_CASE("a replica believes what it is told of itself if that is true") {
  replica_check check{2};
  check.applied({2, 10});
  CHECK(check.contradicts({2, 11}));
  CHECK_FALSE(check.contradicts({2, 10}));
  CHECK_FALSE(check.contradicts({4, 11}));
}

} // namespace replica_check_test
