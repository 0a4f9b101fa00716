#include "config/load.hpp"
#include "config/nearest.hpp"
#include "config/options.hpp"
#include "config/rules.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace iris::config {

namespace {

bool is_variable_of_iris(std::string_view name) {
  return name.starts_with(variable_prefix)
         && std::all_of(name.begin(), name.end(), [](char c) {
              return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                     || c == '_';
            });
}

std::string_view parent_of(std::string_view name) {
  auto dot = name.rfind('.');
  return dot == name.npos ? std::string_view{} : name.substr(0, dot);
}

std::string keys_of(std::string_view section) {
  std::string text;
  auto keys = keys_in(section);
  for (auto key : keys)
    text.append(text.empty() ? "" : ", ").append(key);
  return keys.size() == 1 ? text : "one of " + text;
}

// The options and the sections around them.
std::vector<std::string_view> known_names() {
  std::set<std::string_view> names;
  for (const auto& o : options())
    for (auto name = o.name(); !name.empty(); name = parent_of(name))
      names.insert(name);
  return {names.begin(), names.end()};
}

// Gathers settings and problems from a file, then from variables.
class reader {
public:
  explicit reader(std::string_view file) : file_(file) {}

  void take_text(std::string_view text) {
    auto content = read_toml(text, is_section);
    readable_ = std::holds_alternative<std::vector<entry>>(content);
    if (readable_) {
      for (const auto& x : std::get<std::vector<entry>>(content))
        take(x);
      return;
    }
    auto& failure = std::get<syntax_error>(content);
    report({at(failure.where), {}, failure.found, failure.expected, {}});
  }

  void take_variables(const environment& variables) {
    std::vector<std::string> names;
    for (const auto& o : options()) {
      names.push_back(variable_name(o.name()));
      if (auto i = variables.find(names.back()); i != variables.end())
        take(o, from_variable(o.type, i->second), {i->first, 0, 0, true});
    }
    for (const auto& [name, _] : variables)
      if (is_variable_of_iris(name)
          && std::find(names.begin(), names.end(), name) == names.end())
        take_stray(name, names);
  }

  outcome finish() {
    // Without the file's half nobody knows what goes together.
    if (readable_)
      for (const auto& r : rules())
        apply(r);
    if (problems_.empty())
      return outcome{std::move(settings_)};
    auto place = [](const problem& x) {
      return std::tuple{x.where.variable, x.where.line, x.where.column};
    };
    std::stable_sort(
      problems_.begin(), problems_.end(),
      [=](const auto& a, const auto& b) { return place(a) < place(b); });
    return outcome{std::move(problems_)};
  }

private:
  origin at(position where) const {
    return {std::string{file_}, where.line, where.column};
  }

  void report(problem x) { problems_.push_back(std::move(x)); }

  void take(const entry& x) {
    if (auto o = find_option(x.name))
      take(*o, x.value, at(x.value.where));
    else if (is_section(x.name))
      report({at(x.value.where),
              x.name,
              print(x.value),
              "a table with " + keys_of(x.name),
              {}});
    else
      report({at(x.where), x.name, "an unknown key", keys_of(x.section),
              std::string{nearest(x.name, known_)}});
  }

  void take(const option& o, const raw_value& raw, const origin& where) {
    auto reading = read(o.type, raw);
    origins_[o.name()] = where;
    if (auto good = std::get_if<value>(&reading)) {
      o.in.set(settings_, *good);
      broken_.erase(o.name());
      return;
    }
    const auto& refused = *std::get<const raw_value*>(reading);
    broken_.insert(o.name());
    report({where.variable ? where : at(refused.where),
            std::string{o.name()},
            print(refused),
            accepted(o.type),
            {}});
  }

  void take_stray(const std::string& name,
                  const std::vector<std::string>& variables) {
    // The prefix is right, and must not hide how wrong the rest is.
    auto rest = [](std::string_view x) {
      return x.substr(variable_prefix.size());
    };
    std::vector<std::string_view> known;
    known.reserve(variables.size());
    for (const auto& x : variables)
      known.push_back(rest(x));
    if (auto meant = closest(rest(name), known); !meant.empty())
      report({{name, 0, 0, true},
              {},
              "a variable that is no option",
              "a name from the documentation",
              std::string{variable_prefix}.append(meant)});
  }

  void apply(const rule& r) {
    auto broken = [&](auto name) { return broken_.contains(name); };
    if (std::any_of(r.needs.begin(), r.needs.end(), broken))
      return;
    for (auto& x : r.check(settings_))
      if (!broken(x.option) && !broken(x.other))
        report({origin_of(x),
                std::string{x.option},
                std::move(x.found),
                std::move(x.expected),
                {}});
  }

  origin origin_of(const violation& x) const {
    for (auto name : {x.option, x.other})
      if (auto i = origins_.find(name); i != origins_.end())
        return i->second;
    return at({});
  }

  std::string_view file_;
  bool readable_ = true;
  settings settings_ = defaults();
  std::vector<problem> problems_;
  // Where each option was said last, and which of them were wrong there.
  std::map<std::string_view, origin> origins_;
  std::set<std::string_view> broken_;
  std::vector<std::string_view> known_ = known_names();
};

} // namespace

outcome parse(std::string_view text, std::string_view file_name,
              const environment& variables) {
  reader r{file_name};
  r.take_text(text);
  r.take_variables(variables);
  return r.finish();
}

} // namespace iris::config
