#include "apps/cli/misunderstood.hpp"

#include "config/nearest.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

using words = std::vector<std::string>;

const CLI::App& deepest(const CLI::App& app) {
  const auto* x = &app;
  while (!x->get_subcommands().empty())
    x = x->get_subcommands().front();
  return *x;
}

/// "; did you mean …?", or nothing.
std::string meant(const std::string& typed, const words& known) {
  std::vector<std::string_view> names{known.begin(), known.end()};
  auto found = config::closest(typed, names);
  return found.empty() ? "" : "; did you mean " + std::string{found} + "?";
}

/// CLI11 says that a command is missing, and neither which there are nor what
/// stands in its place.
std::string missing_command(const CLI::App& app) {
  words names;
  std::string known;
  for (const auto* x : deepest(app).get_subcommands({})) {
    known += (known.empty() ? "" : ", ") + x->get_name();
    names.push_back(x->get_name());
  }
  auto rest = app.remaining(true);
  if (rest.empty())
    return "expected one of " + known + ", found nothing";
  return "expected one of " + known + ", found '" + rest.front() + "'"
         + meant(rest.front(), names);
}

words options_of(const CLI::App& command) {
  words out;
  for (const auto* x : command.get_options())
    for (const auto& name : x->get_lnames())
      out.push_back("--" + name);
  return out;
}

/// What is left over. An option that isn't known leaves its value, too.
std::string too_much(const CLI::App& app) {
  auto rest = app.remaining(true);
  auto option = std::find_if(rest.begin(), rest.end(),
                             [](const auto& x) { return x.starts_with('-'); });
  if (option == rest.end())
    return "expected nothing more, found '" + rest.front() + "'";
  auto name = option->substr(0, option->find('='));
  auto known = options_of(deepest(app));
  known.push_back("--json");
  return "there is no option " + name + meant(name, known);
}

/// "--to: 1 required TEXT missing" and the like.
std::string wrong_count(const std::string& said) {
  auto missing = said.find("missing") != said.npos;
  return said.substr(0, said.find(':'))
         + (missing ? ": expected a value behind it, found nothing"
                    : ": expected once, found more than once");
}

/// "Could not convert: --flag = text": options have checks of their own.
std::string unwanted_value(const std::string& said) {
  auto begin = std::min(said.find("--"), said.size());
  return said.substr(begin, said.find(' ', begin) - begin)
         + ": expected no value, it is a switch";
}

/// "--one excludes --other"
std::string either(const std::string& said) {
  constexpr std::string_view between = " excludes ";
  auto at = said.find(between);
  if (at == said.npos)
    return said;
  return "expected " + said.substr(0, at) + " or "
         + said.substr(at + between.size()) + ", found both";
}

} // namespace

void refuse_empty_values(CLI::App& app) {
  for (auto* x : app.get_options())
    if (x->get_items_expected_max() > 0)
      x->check(CLI::Validator{[](std::string& value) -> std::string {
                                return value.empty()
                                         ? "expected a value, found ''"
                                         : "";
                              },
                              ""});
  for (auto* x : app.get_subcommands({}))
    refuse_empty_values(*x);
}

std::string path_of(const CLI::App& app) {
  auto path = app.get_name();
  for (const auto* x = &app; !x->get_subcommands().empty();) {
    x = x->get_subcommands().front();
    path += " " + x->get_name();
  }
  return path;
}

std::string why_misunderstood(const CLI::App& app, const CLI::Error& x) {
  if (dynamic_cast<const CLI::RequiredError*>(&x))
    return deepest(app).get_require_subcommand_min() > 0 ? missing_command(app)
                                                         : x.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&x))
    return too_much(app);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&x))
    return wrong_count(x.what());
  if (dynamic_cast<const CLI::ConversionError*>(&x))
    return unwanted_value(x.what());
  if (dynamic_cast<const CLI::ExcludesError*>(&x))
    return either(x.what());
  return x.what();
}

} // namespace iris::cli
