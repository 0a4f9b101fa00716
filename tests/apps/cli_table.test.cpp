#include "apps/cli/table.hpp"
#include "apps/cli/trouble.hpp"

#include <doctest/doctest.h>

#include <sstream>

namespace cli_table_test {

using namespace iris;
using namespace iris::cli;

namespace {

std::string text_of(const table& x) {
  std::ostringstream out;
  x.print(out);
  return out.str();
}

} // namespace

TEST_CASE("columns are aligned and lines have no spaces at their end") {
  table x{{"NAME", "N"}};
  x.add({"a", "1"});
  x.add({"longer", "23"});
  x.add({"empty"});

  CHECK(text_of(x)
        == "NAME    N\n"
           "a       1\n"
           "longer  23\n"
           "empty\n");
}

TEST_CASE("letters of several bytes take one column") {
  table x{{"NAME", "N"}};
  x.add({"├─ ä", "1"});

  CHECK(text_of(x) == "NAME  N\n├─ ä  1\n");
}

TEST_CASE("text from elsewhere can't move the cursor") {
  CHECK(printable("a\x1b[2Jb\r\n\x7f") == "a?[2Jb???");
  CHECK(printable("\xc2\x9b") == "?");
  CHECK(printable("ä – ✓") == "ä – ✓");
  CHECK(printable({"\0", 1}) == "?");
}

TEST_CASE("text from elsewhere can't turn its direction or end its line") {
  for (auto x :
       {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b",
        "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"})
    CHECK(printable(std::string{"a"} + x + "b") == "a?b");
  for (auto x : {"\u061b", "\u061d", "\u200d", "\u2010", "\u2027", "\u202f",
                 "\u2065", "\u206a", "\U0001f600"})
    CHECK(printable(x) == x);
}

TEST_CASE("each byte that is of no character is one that can be seen") {
  CHECK(printable("a\x80\xbf\xff") == "a???");
  CHECK(printable("\xe2\x80") == "??");
  CHECK(printable("\xe0\x80\x80z") == "???z");
}

TEST_CASE("an error is three lines, whatever its texts hold") {
  std::ostringstream out;
  print(out, {exit_code::failed, "it\nfailed", "be\x1b[cause", "again"}, false);

  CHECK(out.str() == "iris: it failed\nwhy: be [cause\ntry: again\n");
}

TEST_CASE("an error is one line of JSON for programs") {
  std::ostringstream out;
  print(out, {exit_code::refused, "what", "why", "remedy"}, true);

  CHECK(out.str()
        == "{\"error\":{\"exit\":4,\"what\":\"what\","
           "\"why\":\"why\",\"remedy\":\"remedy\"}}\n");
}

TEST_CASE("exit codes are as docs/cli.md promises") {
  CHECK(exit_code_of(errc::corrupt) == exit_code::failed);
  CHECK(exit_code_of(errc::store_locked) == exit_code::failed);
  CHECK(exit_code_of(errc::overloaded) == exit_code::failed);
  CHECK(exit_code_of(errc::usage) == exit_code::usage);
  CHECK(exit_code_of(errc::config_invalid) == exit_code::usage);
  CHECK(exit_code_of(errc::no_connection) == exit_code::no_connection);
  CHECK(exit_code_of(errc::unauthenticated) == exit_code::refused);
  CHECK(exit_code_of(errc::token_expired) == exit_code::refused);
  CHECK(exit_code_of(errc::forbidden) == exit_code::refused);
  CHECK(exit_code_of(errc::timed_out) == exit_code::timed_out);
  CHECK(exit_code_of(errc::deadline_exceeded) == exit_code::timed_out);
}

} // namespace cli_table_test
