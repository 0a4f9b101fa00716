// The first line of an input is the value of every variable, the rest is the
// file. Whatever both are, they are read or refused, each problem in one line;
// what is read stays the same when it is written out and read again. (A file
// has at most 256 dots a line. A path in a variable can have more.)
#include "config/changes.hpp"
#include "config/load.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace iris::config;

std::string written_out(const settings& x) {
  std::string text;
  for (const auto& o : options())
    text.append(o.name()) += " = " + print(o.type, o.in.get(x)) + "\n";
  return text;
}

bool fits_a_file(std::string_view line) {
  return std::count(line.begin(), line.end(), '.') <= 256;
}

void check(const outcome& x) {
  if (x) {
    auto text = written_out(*x);
    auto again = parse(text, "again");
    IRIS_ASSERT(again || !fits_a_file(text));
    IRIS_ASSERT(!again || changes(*x, *again).empty());
    return;
  }
  for (const auto& p : x.problems()) {
    auto line = to_string(p);
    IRIS_ASSERT(!p.found.empty() && !p.expected.empty());
    IRIS_ASSERT(line.find('\n') == line.npos);
  }
}

environment all_set_to(std::string_view text) {
  environment variables;
  for (const auto& o : options())
    variables.emplace(variable_name(o.name()), text);
  return variables;
}

// Together, one right value goes with many wrong ones; so each on its own.
void check_each(std::string_view text) {
  for (const auto& o : options()) {
    auto raw = from_variable(o.type, text);
    auto reading = read(o.type, raw);
    auto x = std::get_if<value>(&reading);
    auto line = x ? std::string{o.name()} + " = " + print(o.type, *x) : "";
    if (x == nullptr || !fits_a_file(line))
      continue;
    auto in_file = read_toml(line, is_section);
    auto entries = std::get_if<std::vector<entry>>(&in_file);
    IRIS_ASSERT(entries && entries->size() == 1);
    IRIS_ASSERT(read(o.type, entries->front().value) == reading);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  auto first = input.substr(0, input.find('\n'));
  auto file = input.substr(std::min(input.size(), first.size() + 1));
  check(parse(file, "f"));
  check(parse(file, "f", all_set_to(first)));
  check_each(first);
  return 0;
}
