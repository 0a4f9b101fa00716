#include "config/nearest.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

namespace nearest_test {

using namespace iris::config;

namespace {

const std::vector<std::string_view> known = {
  "limits",  "limits.mailbox",  "node",   "node.data_dir",
  "node.id", "tls.certificate", "tls.key"};

} // namespace

TEST_CASE("a distance counts inserted, lost, wrong and swapped letters") {
  CHECK(edit_distance("mailbox", "mailbox") == 0);
  CHECK(edit_distance("mailbx", "mailbox") == 1);
  CHECK(edit_distance("maillbox", "mailbox") == 1);
  CHECK(edit_distance("mailbix", "mailbox") == 1);
  CHECK(edit_distance("mialbox", "mailbox") == 1);
  CHECK(edit_distance("", "mailbox") == 7);
  CHECK(edit_distance("mailbox", "") == 7);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("a distance is symmetric and at most the longer length") {
  CHECK(rc::check([](const std::string& a, const std::string& b) {
    auto x = edit_distance(a, b);
    RC_ASSERT(x == edit_distance(b, a));
    RC_ASSERT(x <= std::max(a.size(), b.size()));
    RC_ASSERT((x == 0) == (a == b));
  }));
}

TEST_CASE("a misspelt name has a nearest one") {
  CHECK(nearest("limits.mialbox", known) == "limits.mailbox");
  CHECK(nearest("limit", known) == "limits");
  CHECK(nearest("nodes", known) == "node");
}

TEST_CASE("a name cut short or in the wrong section has a nearest one") {
  CHECK(nearest("tls.cert", known) == "tls.certificate");
  CHECK(nearest("data_dir", known) == "node.data_dir");
  CHECK(nearest("limits.key", known) == "tls.key");
}

TEST_CASE("a name that could mean several, or nothing, has no nearest one") {
  CHECK(nearest("tls", known) == "");
  CHECK(nearest("storage.engine", known) == "");
  CHECK(nearest("", known) == "");
  CHECK(nearest(std::string(100'000, 'n'), known) == "");
}

TEST_CASE("a word of two letters with one of them wrong is another word") {
  const std::vector<std::string_view> short_ones = {"f1", "f2", "key"};
  CHECK(closest("f9", short_ones) == "");
  CHECK(closest("f11", short_ones) == "");
  CHECK(closest("kez", short_ones) == "key");
}

TEST_CASE("only a misspelling is close") {
  CHECK(closest("node.dat_dir", known) == "node.data_dir");
  CHECK(closest("data_dir", known) == "");
}

} // namespace nearest_test
