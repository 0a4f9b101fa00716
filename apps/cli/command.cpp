#include "apps/cli/command.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace iris::cli {

namespace {

std::string plain_number(double x) {
  std::ostringstream out;
  out.precision(12); // 20000000, not 2e+07
  out << x;
  return out.str();
}

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& x : words)
    out += (out.empty() ? "" : &x == &words.back() ? " or " : ", ") + x;
  return out;
}

} // namespace

CLI::Validator whole(std::uint64_t least, std::uint64_t most) {
  auto range = std::to_string(least) + " to " + std::to_string(most);
  return {
    [=](std::string& x) -> std::string {
      std::uint64_t value = 0;
      auto [rest, bad] = std::from_chars(x.data(), x.data() + x.size(), value);
      if (bad == std::errc{} && rest == x.data() + x.size() && value >= least
          && value <= most)
        return {};
      return "expected a whole number from " + range + ", found '" + x + "'";
    },
    range};
}

CLI::Validator between(double least, double most) {
  auto range = plain_number(least) + " to " + plain_number(most);
  return {[=](std::string& x) -> std::string {
            double value = 0;
            if (CLI::detail::lexical_cast(x, value) && value >= least
                && value <= most)
              return {};
            return "expected " + range + ", found '" + x + "'";
          },
          range};
}

CLI::Validator one_of(std::vector<std::string> words) {
  auto list = listed(words);
  return {[=](std::string& x) -> std::string {
            if (std::find(words.begin(), words.end(), x) != words.end())
              return {};
            return "expected " + list + ", found '" + x + "'";
          },
          list};
}

} // namespace iris::cli
