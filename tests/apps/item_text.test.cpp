#include "apps/cli/item_text.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>

namespace item_text_test {

using namespace iris;

namespace {

/// The time zone of a test; that of the process comes back behind it.
class time_zone {
public:
  explicit time_zone(const char* name) {
    if (const auto* before = std::getenv("TZ"))
      before_ = before;
    setenv("TZ", name, 1);
    tzset();
  }
  ~time_zone() {
    if (before_)
      setenv("TZ", before_->c_str(), 1);
    else
      unsetenv("TZ");
    tzset();
  }
  time_zone(const time_zone&) = delete;
  time_zone& operator=(const time_zone&) = delete;

private:
  std::optional<std::string> before_;
};

std::string made(const std::string& title,
                 const std::vector<std::string>& members) {
  protocol::item x;
  x.kind = protocol::item_kind::group_created;
  x.from = *user_id::parse("alice");
  x.title = title;
  for (const auto& name : members)
    x.members.push_back(*user_id::parse(name));
  return cli::text_of(x);
}

} // namespace

TEST_CASE("a date says in which zone it is") {
  constexpr timestamp when{1'764'321'455'000};
  {
    time_zone here{"UTC"};
    CHECK(cli::date_and_time(when) == "2025-11-28 09:17:35 +0000");
  }
  time_zone there{"IST-5:30"};
  CHECK(cli::date_and_time(when) == "2025-11-28 14:47:35 +0530");
}

TEST_CASE("a group is told with what it has: a title, members, or neither") {
  CHECK(made("Chess", {"bob", "carol"})
        == "* alice made the group \"Chess\" with bob, carol");
  CHECK(made("Chess", {}) == "* alice made the group \"Chess\"");
  CHECK(made("", {"bob"}) == "* alice made a group with bob");
  CHECK(made("", {}) == "* alice made a group");
}

} // namespace item_text_test
