#include "cluster/comparison.hpp"

#include <doctest/doctest.h>

namespace comparison_test {

using namespace iris;
using namespace iris::cluster;

namespace {

constexpr node_id a{1}, b{2}, c{3}, learner{4};
const std::vector<node_id> all{a, b, c};

/// How they stand, as one letter each.
std::string stand(const comparison_book& book,
                  const std::vector<node_id>& replicas = all) {
  std::string out;
  for (const auto& x : book.look(replicas, all).replicas)
    out += "-=!u"[static_cast<int>(x.is)];
  return out;
}

/// Behind entry 7.
struct fixture {
  fixture() { book.begin_at(7); }

  void said(node_id who, std::uint64_t hash) {
    book.said(who, {7, hash}, "", all);
  }

  comparison_book book{1};
};

} // namespace

TEST_CASE("a comparison is not over before it has an entry") {
  comparison_book book{1};
  CHECK_FALSE(book.look({}, {}).over);
  CHECK(stand(book) == "---");
}

TEST_CASE_FIXTURE(fixture, "replicas that hold the same stand so") {
  said(a, 5);
  CHECK(stand(book) == "u--");
  said(c, 5);
  CHECK(stand(book) == "=-=");
  CHECK_FALSE(book.look(all, all).over);
  said(b, 5);
  CHECK(stand(book) == "===");
  CHECK(book.look(all, all).over);
}

TEST_CASE_FIXTURE(fixture, "who is different is, whoever speaks first") {
  said(b, 6);
  said(a, 5);
  CHECK(stand(book) == "uu-");
  said(c, 5);
  CHECK(stand(book) == "=!=");
  CHECK(book.look(all, all).over);
}

TEST_CASE_FIXTURE(fixture, "three that hold three things are undecided") {
  said(a, 5);
  said(b, 6);
  said(c, 7);
  CHECK(stand(book) == "uuu");
  CHECK(book.look(all, all).over);
}

TEST_CASE_FIXTURE(fixture, "what is said of another entry does not count") {
  book.said(a, {6, 5}, "", all);
  CHECK(stand(book) == "---");
}

TEST_CASE_FIXTURE(fixture, "who was different stays so behind a later entry") {
  said(a, 5);
  said(b, 6);
  said(c, 5);

  book.begin_at(9);

  CHECK(stand(book) == "-!-");
  book.said(a, {9, 8}, "", all);
  book.said(c, {9, 8}, "", all);
  CHECK(book.look(all, all).over);
}

TEST_CASE_FIXTURE(fixture, "damage that a replica found is told") {
  book.said(b, {7, 5}, "a key", all);
  CHECK(book.look(all, all).replicas[1].damage == "a key");
  CHECK(book.look(all, all).replicas[0].damage.empty());
}

TEST_CASE_FIXTURE(fixture,
                  "who has no vote is compared, and counts for nothing") {
  const std::vector<node_id> replicas{a, b, c, learner};
  said(learner, 6);
  said(a, 6);
  CHECK(stand(book, replicas) == "u--u");
  said(b, 5);
  said(c, 5);
  CHECK(stand(book, replicas) == "!==!");
  CHECK(book.look(replicas, all).over);
}

TEST_CASE_FIXTURE(fixture, "a comparison waits for who has no vote, too") {
  for (auto x : all)
    said(x, 5);
  CHECK(stand(book, {a, b, c, learner}) == "===-");
  CHECK_FALSE(book.look({a, b, c, learner}, all).over);
}

} // namespace comparison_test
