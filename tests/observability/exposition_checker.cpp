#include "tests/observability/exposition_checker.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

namespace iris::observability {
namespace {

struct sample {
  std::string name, labels;
  double value = 0;
};

struct block {
  std::string name, help, type;
  std::vector<sample> samples;
};

class checker {
public:
  explicit checker(std::string_view text) {
    if (!text.ends_with('\n'))
      fault("the last line has no end");
    std::istringstream in{std::string{text}};
    for (std::string line; std::getline(in, line);)
      take(line);
    std::set<std::string> names;
    for (const auto& x : blocks_) {
      if (!names.insert(x.name).second)
        fault(x.name + " comes twice");
      check(x);
    }
  }

  std::vector<std::string> faults;

private:
  void fault(std::string what) { faults.push_back(std::move(what)); }

  void take(const std::string& line) {
    std::string_view rest{line};
    if (skip(rest, "# HELP ")) {
      auto name = take_name(rest);
      if (name.empty() || !skip(rest, " ") || rest.empty())
        fault("not a HELP of the format: " + line);
      blocks_.push_back({name, std::string{rest}, {}, {}});
    } else if (blocks_.empty()) {
      fault("before any HELP: " + line);
    } else if (skip(rest, "# TYPE ")) {
      auto name = take_name(rest);
      if (rest != " counter" && rest != " gauge" && rest != " histogram")
        fault("not a TYPE of the format: " + line);
      take_type(
        name, std::string{rest.substr(std::min<std::size_t>(rest.size(), 1))});
    } else {
      auto name = take_name(rest);
      std::string labels;
      if (name.empty() || !take_label(rest, labels) || !skip(rest, " "))
        fault("not a line of the format: " + line);
      else
        take_sample(name, labels, std::string{rest});
    }
  }

  static bool skip(std::string_view& rest, std::string_view prefix) {
    if (!rest.starts_with(prefix))
      return false;
    rest.remove_prefix(prefix.size());
    return true;
  }

  static std::string take_name(std::string_view& rest) {
    auto end =
      std::min(rest.size(),
               rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789"));
    std::string name{rest.substr(0, end)};
    rest.remove_prefix(end);
    return name;
  }

  /// Nothing, or {name="value"} where \\, \" and \n are the only escapes.
  static bool take_label(std::string_view& rest, std::string& label) {
    if (!rest.starts_with('{'))
      return true;
    auto whole = rest;
    rest.remove_prefix(1);
    if (take_name(rest).empty() || !skip(rest, "=\""))
      return false;
    while (!rest.empty() && rest[0] != '"') {
      if (rest[0] == '\\'
          && (rest.size() < 2
              || std::string_view{"\\\"n"}.find(rest[1]) == rest.npos))
        return false;
      rest.remove_prefix(rest[0] == '\\' ? 2 : 1);
    }
    if (!skip(rest, "\"}"))
      return false;
    label = whole.substr(0, whole.size() - rest.size());
    return true;
  }

  void take_type(const std::string& name, const std::string& type) {
    auto& now = blocks_.back();
    if (name != now.name || !now.type.empty() || !now.samples.empty())
      fault("TYPE of " + name + " doesn't follow its HELP");
    now.type = type;
  }

  void take_sample(const std::string& name, const std::string& labels,
                   const std::string& text) {
    std::size_t used = 0;
    double value = 0;
    try {
      value = std::stod(text, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    if (used != text.size() || !std::isfinite(value))
      fault(name + " has the value " + text);
    blocks_.back().samples.push_back({name, labels, value});
  }

  void check(const block& x) {
    if (x.type.empty() || x.samples.empty())
      fault(x.name + " has no type or no sample");
    if ((x.type == "counter") != x.name.ends_with("_total"))
      fault(x.name + " is a " + x.type + ": _total marks counters only");
    if (x.type == "histogram" && !x.name.ends_with("_seconds"))
      fault(x.name + " is a histogram without its unit");
    for (std::string_view bad : {"counter", "gauge", "histogram", "_ms", "_kb"})
      if (x.name.find(bad) != x.name.npos)
        fault(x.name + " holds " + std::string{bad});
    if (x.type == "histogram")
      check_histogram(x);
    else
      check_series(x);
  }

  void check_series(const block& x) {
    for (std::size_t i = 0; i < x.samples.size(); ++i) {
      if (x.samples[i].name != x.name)
        fault(x.samples[i].name + " stands under " + x.name);
      if (i > 0 && x.samples[i - 1].labels >= x.samples[i].labels)
        fault(x.name + " has series that are not sorted or not unique");
      if (x.type == "counter" && x.samples[i].value < 0)
        fault(x.name + " is negative");
    }
  }

  void check_histogram(const block& x) {
    constexpr std::string_view start = "{le=\"", end = "\"}";
    std::map<std::string, double> totals;
    double bound_before = -1, count_before = 0;
    for (const auto& y : x.samples) {
      if (y.name != x.name + "_bucket") {
        totals[y.name] = y.value;
        continue;
      }
      if (!y.labels.starts_with(start)) {
        fault(x.name + " has a bucket without le");
        continue;
      }
      auto le = y.labels.substr(start.size(),
                                y.labels.size() - start.size() - end.size());
      auto bound = std::stod(le);
      if (bound <= bound_before || y.value < count_before)
        fault(x.name + " has buckets that don't grow at " + le);
      bound_before = bound;
      count_before = y.value;
    }
    if (!std::isinf(bound_before))
      fault(x.name + " has no +Inf bucket");
    if (totals.size() != 2 || !totals.contains(x.name + "_sum")
        || !totals.contains(x.name + "_count")
        || totals[x.name + "_count"] != count_before)
      fault(x.name + " has a count or a sum that is missing or wrong");
  }

  std::vector<block> blocks_;
};

} // namespace

std::vector<std::string> faults_of(std::string_view exposition) {
  return checker{exposition}.faults;
}

} // namespace iris::observability
