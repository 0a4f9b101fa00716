#include "config/problem.hpp"

#include <doctest/doctest.h>

namespace problem_test {

using namespace iris::config;

TEST_CASE("a problem is one line: where, what was found, what is expected") {
  problem x{{"a.toml", 3, 8}, "node.id", "0", "1", {}};
  CHECK(to_string(x) == "a.toml:3:8: node.id: found 0, expected 1");

  x.nearest = "node.name";
  CHECK(to_string(x)
        == "a.toml:3:8: node.id: found 0, expected 1; did you mean node.name?");

  problem whole{{"a.toml"}, {}, "a folder", "a file", {}};
  CHECK(to_string(whole) == "a.toml: found a folder, expected a file");
  CHECK(to_string(std::vector{whole, whole})
        == to_string(whole) + "\n" + to_string(whole) + "\n");
}

TEST_CASE("a variable is named after its option") {
  CHECK(variable_name("listen.tcp.address") == "IRIS_LISTEN_TCP_ADDRESS");
  CHECK(variable_name("node.data_dir") == "IRIS_NODE_DATA_DIR");
}

TEST_CASE("an excerpt escapes what would not be seen") {
  CHECK(excerpt("") == R"("")");
  CHECK(excerpt("a\"b\\c") == R"("a\"b\\c")");
  CHECK(excerpt({"\n\t\0\x1b\x7f", 5}) == R"("\n\t\u0000\u001B\u007F")");
  CHECK(excerpt("ü") == "\"ü\"");
}

TEST_CASE("an excerpt is cut between letters") {
  std::string sixty(60, 'x');
  CHECK(excerpt(sixty) == "\"" + sixty + "\"");
  CHECK(excerpt(sixty + "x") == "\"" + sixty + "…\"");

  // The letter would end at byte 61.
  std::string fifty_nine(59, 'x');
  CHECK(excerpt(fifty_nine + "ü") == "\"" + fifty_nine + "…\"");
}

} // namespace problem_test
