#include "apps/cli/line_editor.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace line_editor_test {

using namespace iris::cli;
using outcome = line_editor::outcome;

namespace {

/// What is typed after these keys.
std::string typed(const std::string& keys) {
  line_editor editor;
  for (char x : keys)
    REQUIRE(editor.take(x) == outcome::typing);
  return editor.text();
}

} // namespace

TEST_CASE("characters, words and lines can be taken back") {
  CHECK(typed("helo\x7flo") == "hello");
  CHECK(typed("gr\xc3\xbc\xc3\x9f\x7f\x08"
              "u")
        == "gru");
  CHECK(typed("\x7f\x7fx") == "x");
  CHECK(typed("one two  \x17three") == "one three");
  CHECK(typed("one\x17\x17two") == "two");
  CHECK(typed("one two\x15x") == "x");
}

TEST_CASE("keys without a character type nothing") {
  // Up, F1, delete, page down with a modifier; then escape alone.
  CHECK(typed("a\x1b[A\x1bOP\x1b[3~\x1b[6;5~b") == "ab");
  CHECK(typed("a\x1b"
              "b")
        == "ab");
  CHECK(typed("a\tb\x01\x04") == "ab");
}

TEST_CASE("a line ends with enter, and the next one begins empty") {
  line_editor editor;
  std::vector<std::string> lines;
  for (char x : std::string{"one\rtwo\nthree"})
    if (editor.take(x) == outcome::line)
      lines.push_back(editor.take_line());

  CHECK(lines == std::vector<std::string>{"one", "two"});
  CHECK(editor.text() == "three");
}

TEST_CASE("the end is ^D where nothing is typed") {
  line_editor editor;

  CHECK(editor.take('a') == outcome::typing);
  CHECK(editor.take('\x04') == outcome::typing);
  CHECK(editor.take('\x7f') == outcome::typing);
  CHECK(editor.take('\x04') == outcome::end);
  CHECK(editor.take('\x03') == outcome::interrupt);
  CHECK(editor.take('\x1a') == outcome::suspend);
}

TEST_CASE("a line has a bound") {
  line_editor editor;
  for (std::size_t i = 0; i < line_editor::line_bytes_max + 10; ++i)
    CHECK(editor.take('x') == outcome::typing);

  CHECK(editor.text().size() == line_editor::line_bytes_max + 1);
}

} // namespace line_editor_test
