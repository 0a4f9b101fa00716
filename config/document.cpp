#include "config/document.hpp"

#include "config/problem.hpp"
#include "config/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace iris::config {

namespace {

std::string print_double(double x) {
  if (std::isnan(x))
    return "nan";
  if (std::isinf(x))
    return x < 0 ? "-inf" : "inf";
  std::array<char, 32> buffer{};
  auto [end, failure] =
    std::to_chars(buffer.data(), buffer.data() + buffer.size(), x);
  std::string text{buffer.data(), end};
  // 1.0 must not look like the integer that was expected.
  return text.find_first_of(".e") == text.npos ? text + ".0" : text;
}

struct printer {
  std::string operator()(bool x) const { return x ? "true" : "false"; }
  std::string operator()(std::int64_t x) const { return std::to_string(x); }
  std::string operator()(double x) const { return print_double(x); }
  std::string operator()(const std::string& x) const {
    // Only a variable can hold such bytes.
    return is_utf8(x) ? excerpt(x) : "text that is not UTF-8";
  }
  std::string operator()(const unsuited& x) const {
    return std::string{x.what};
  }
  std::string operator()(const std::vector<raw_value>& x) const {
    return x.empty() ? "an empty list"
                     : "a list of " + std::to_string(x.size());
  }
};

} // namespace

std::string print(const raw_value& x) {
  return std::visit(printer{}, x.content);
}

} // namespace iris::config
