#include "config/option.hpp"

#include "base/assert.hpp"
#include "config/overload.hpp"
#include "config/problem.hpp"
#include "config/units.hpp"

namespace iris::config {

namespace {

std::string with_zero(std::string_view zero, std::string range,
                      std::string_view none) {
  if (zero.empty())
    return range;
  std::string text{none};
  return text.append(" (").append(zero).append("), or ").append(range);
}

std::string print_list(const std::vector<std::string>& strings) {
  std::string out = "[";
  for (const auto& x : strings)
    out += (out.size() > 1 ? ", " : "") + toml_string(x);
  return out + "]";
}

std::string one_of(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0)
      out += i + 1 == names.size() ? " or " : ", ";
    out += excerpt(names[i]);
  }
  return out;
}

} // namespace

std::string_view to_string(effect x) noexcept {
  switch (x) {
  case effect::reload:
    return "at reload";
  case effect::restart:
    return "at restart";
  case effect::fixed:
    return "never, once the store exists";
  }
  return "unknown";
}

value fallback(const option_type& type) {
  return std::visit(
    overload{
      [](const text& x) -> value { return std::string{x.fallback}; },
      [](const path& x) -> value { return std::string{x.fallback}; },
      [](const address& x) -> value {
        auto parsed = endpoint::parse(x.fallback);
        IRIS_ASSERT(parsed);
        return *parsed;
      },
      [](const auto& x) -> value { return x.fallback; },
    },
    type);
}

std::string accepted(const option_type& type) {
  using std::to_string;
  return std::visit(
    overload{
      [](const flag&) -> std::string { return "true or false"; },
      [](const integer& x) {
        std::string range = "a whole number";
        if (!x.unit.empty())
          range.append(" of ").append(x.unit);
        range += " from " + to_string(x.least) + " to " + to_string(x.most);
        return with_zero(x.zero, std::move(range), "0");
      },
      [](const duration& x) {
        return with_zero(x.zero,
                         "a duration from " + excerpt(print_duration(x.least))
                           + " to " + excerpt(print_duration(x.most)),
                         excerpt("0s"));
      },
      [](const size& x) {
        return "a size from " + excerpt(print_size(x.least)) + " to "
               + excerpt(print_size(x.most)) + ", in B, KiB, MiB, GiB or TiB";
      },
      [](const text& x) { return std::string{x.accepted}; },
      [](const path& x) { return with_zero(x.empty, "a path", excerpt("")); },
      [](const address&) -> std::string {
        return R"("" (off), or "host:port" with a port from 0 to 65535)";
      },
      [](const choice& x) { return one_of(x.names); },
      [](const list& x) {
        return "a list of " + to_string(x.least) + " to " + to_string(x.most)
               + " " + std::string{x.accepted};
      },
    },
    type);
}

std::string print(const option_type& type, const value& x) {
  return std::visit(
    overload{
      [&](const flag&) -> std::string {
        return std::get<bool>(x) ? "true" : "false";
      },
      [&](const integer&) {
        return std::to_string(std::get<std::uint64_t>(x));
      },
      [&](const duration&) {
        return excerpt(print_duration(std::get<std::chrono::milliseconds>(x)));
      },
      [&](const size&) {
        return excerpt(print_size(std::get<std::uint64_t>(x)));
      },
      [&](const address&) { return toml_string(std::get<endpoint>(x).str()); },
      [&](const choice& t) {
        return excerpt(t.names.at(std::get<std::uint64_t>(x)));
      },
      [&](const list&) {
        return print_list(std::get<std::vector<std::string>>(x));
      },
      // Text and paths.
      [&](const auto&) { return toml_string(std::get<std::string>(x)); },
    },
    type);
}

} // namespace iris::config
