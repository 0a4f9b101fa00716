#include "config/document.hpp"

#include <doctest/doctest.h>

namespace toml_document_test {

using namespace iris::config;

namespace {

document read(std::string_view text) {
  return read_toml(text, [](std::string_view name) { return name == "known"; });
}

std::vector<entry> entries(std::string_view text) {
  return std::get<std::vector<entry>>(read(text));
}

syntax_error failure(std::string_view text) {
  return std::get<syntax_error>(read(text));
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i)
    text += part;
  return text;
}

} // namespace

TEST_CASE("entries have a dotted name, places of key and value, and a value") {
  auto all = entries("[known]\n  a = 7\nb.c = true\n");

  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "known.a");
  CHECK(all[0].section == "known");
  CHECK(all[0].where.line == 2);
  CHECK(all[0].where.column == 3);
  CHECK(all[0].value.where.line == 2);
  CHECK(all[0].value.where.column == 7);
  CHECK(std::get<std::int64_t>(all[0].value.content) == 7);
  // An unknown table is one entry.
  CHECK(all[1].name == "known.b");
  CHECK(print(all[1].value) == "a table");
}

TEST_CASE("every type of TOML has a text to be told by") {
  auto all = entries("a = true\n"
                     "b = -7\n"
                     "c = 1.0\n"
                     "d = 1e300\n"
                     "e = -inf\n"
                     "f = nan\n"
                     "g = 'x\"y'\n"
                     "h = []\n"
                     "i = [1, 2]\n"
                     "j = {}\n"
                     "k = 2020-01-01\n"
                     "l = 12:00:00\n"
                     "m = 2020-01-01T12:00:00Z\n"
                     "n = [{}]\n");

  std::vector<std::string> texts;
  texts.reserve(all.size());
  for (const auto& x : all)
    texts.push_back(print(x.value));
  CHECK(texts
        == std::vector<std::string>{
          "true", "-7", "1.0", "1e+300", "-inf", "nan", R"("x\"y")",
          "an empty list", "a list of 2", "a table", "a date", "a time",
          "a date and time", "an array of tables"});
}

TEST_CASE("a quoted key is not the dotted name it looks like") {
  auto all = entries("\"known.a\" = 1\n\"\" = 2\n");

  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "\"\"");
  CHECK(all[1].name == "\"known.a\"");
}

TEST_CASE("a text beyond 1 MiB is not read") {
  std::string text(1 << 20, '\n');
  CHECK(entries(text).empty());

  text += '\n';
  CHECK(failure(text).expected == "at most 1 MiB");
}

TEST_CASE("a key of absurdly many parts is not read") {
  CHECK(entries("a" + repeated(".a", 256) + " = 1").size() == 1);

  auto deep = failure("\n[a" + repeated(".a", 257) + "]");
  CHECK(deep.where.line == 2);
  CHECK(deep.found == "a line with 257 dots");
  CHECK(deep.expected == "at most 256");
}

TEST_CASE("the deepest text that is read fits on the stack") {
  // Keys in quotes hide everything but dots. Lists allow for new lines, each
  // of which allows for another key.
  auto key = "'='" + repeated(".'='", 256);
  auto text = "[" + key + "]\n" + key + " = "
              + repeated("[\n{" + key + " = ", 3) + "[1]" + repeated("}]", 3);

  CHECK(entries(text).size() == 1);
}

TEST_CASE("malformed headers and letters beyond ASCII are refused, not fatal") {
  // Each of these breaks an assertion of toml++ 3.3, or worse.
  for (std::string bad : {"[.a]", "[=]", "[\n]", "[#]", "[ *]", "[[*]]",
                          "[\x01]", "[\xc3\xa9]", "a = \xc3\xa9"}) {
    INFO(bad);
    CHECK(failure(bad).where.line == 1);
  }
  CHECK(entries("[\"\xc3\xa9\"]").size() == 1);
  CHECK(entries("a = \"\"\"\\\n\xc3\xa9\"\"\"").size() == 1);
}

TEST_CASE("values nested more than eight deep are not read") {
  auto list = [](std::size_t depth) {
    return "a = " + repeated("[", depth) + repeated("]", depth);
  };

  CHECK(entries(list(8)).size() == 1);
  CHECK(failure(list(9)).expected == "TOML 1.0 (strings in quotes)");
  CHECK(failure(list(100'000)).expected == "TOML 1.0 (strings in quotes)");
}

} // namespace toml_document_test
