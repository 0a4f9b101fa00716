#include "tests/sim/explain.hpp"

#include <algorithm>
#include <cctype>

namespace iris::sim {

namespace {

/// How many lines of a trace are shown.
constexpr std::size_t trace_lines_max = 80;
/// As in 01941f2a-4f4d-7ff3-a1a3-7be5164d6bb1.
constexpr std::size_t id_digits = 36;

/// The ids of messages and conversations that a text names.
std::vector<std::string> ids_in(const std::string& text) {
  std::vector<std::string> out;
  std::string word;
  for (char c : text + " ") {
    if (c == '-' || std::isxdigit(static_cast<unsigned char>(c))) {
      word += c;
      continue;
    }
    if (word.size() == id_digits)
      out.push_back(word);
    word.clear();
  }
  return out;
}

} // namespace

std::vector<std::string> about(const std::string& problem,
                               const std::vector<std::string>& trace) {
  auto ids = ids_in(problem);
  std::vector<std::string> out;
  for (const auto& line : trace) {
    auto named = ids_in(line);
    auto concerns =
      named.empty() || ids.empty()
      || std::any_of(named.begin(), named.end(), [&](const auto& x) {
           return std::find(ids.begin(), ids.end(), x) != ids.end();
         });
    if (concerns)
      out.push_back(line);
  }
  if (out.size() > trace_lines_max)
    out.erase(out.begin(), out.end() - trace_lines_max);
  return out;
}

} // namespace iris::sim
