#include "apps/cli/admin_options.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/table.hpp"

#include <algorithm>
#include <cctype>

namespace iris::cli {

namespace {

std::string heading_of(std::string name) {
  for (char& c : name)
    c = c == '_'
          ? ' '
          : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return printable(name);
}

bool is_list_of_objects(const ordered_json& x) {
  return x.is_array() && !x.empty()
         && std::all_of(x.begin(), x.end(),
                        [](const auto& y) { return y.is_object(); });
}

void print_list(const std::string& name, const ordered_json& list,
                std::ostream& to) {
  std::vector<std::string> keys;
  for (const auto& x : list)
    for (const auto& [key, _] : x.items())
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        keys.push_back(key);
  to << '\n' << printable(name) << '\n';
  table rows{keys};
  for (const auto& x : list) {
    std::vector<std::string> row;
    row.reserve(keys.size());
    for (const auto& key : keys)
      row.push_back(x.contains(key) ? cell_text(x[key]) : "");
    rows.add(std::move(row));
  }
  rows.print(to);
}

/// Whatever the node tells: plain members first, then a table for each list and
/// each object. A newer node may tell more than we know of.
void print_object(const std::string& name, const std::string& of,
                  const ordered_json& object, std::ostream& to) {
  table plain{{name, of}};
  for (const auto& [key, value] : object.items())
    if (!value.is_object() && !is_list_of_objects(value))
      plain.add({key, cell_text(value)});
  plain.print(to);
  for (const auto& [key, value] : object.items())
    if (is_list_of_objects(value))
      print_list(key, value, to);
    else if (value.is_object())
      print_object(heading_of(key), key == "listening" ? "CONNECTIONS" : "",
                   value, to << '\n');
}

void print_checks(const ordered_json& ready, std::ostream& to) {
  table rows{{"CHECK", "RESULT"}};
  auto checks = ready.find("checks");
  if (checks != ready.end() && checks->is_object())
    for (const auto& [name, result] : checks->items())
      rows.add({name, result.is_object() && result.contains("text")
                        ? cell_text(result["text"])
                        : cell_text(result)});
  rows.print(to);
}

exit_code status(const admin_options& options, const console& io) {
  constexpr auto what = "can't read the node's status";
  auto to = prepare(options);
  if (!to)
    return io.fail(because(what, to.failure()));
  auto answer = call(*to, {"GET", "/readyz"}, {200, 503});
  if (!answer)
    return io.fail(because(what, answer.failure()));
  auto ready = ordered_json::parse(answer->body, nullptr, false);
  if (!ready.is_object())
    return io.fail({exit_code::failed, what, "the answer is not in JSON",
                    "check that " + options.url + " is a node of Iris"});
  ordered_json node;
  // Anybody may know whether a node is ready; the rest is for operators.
  if (!to->token.empty()) {
    auto more = call(*to, {"GET", "/v1/status"});
    if (!more)
      return io.fail(
        because(what, more.failure(), operator_remedy(more.failure())));
    node = ordered_json::parse(more->body, nullptr, false);
  }
  if (io.json) {
    ready["node"] = node.is_object() ? node : ordered_json{};
    io.out << to_line(ready) << std::endl;
  } else {
    print_checks(ready, io.out);
    if (node.is_object())
      print_object("NODE", "", node, io.out << '\n');
    io.out.flush();
  }
  if (answer->status == 200)
    return exit_code::ok;
  return io.fail({exit_code::failed, "the node is not ready",
                  "at least one of its checks fails",
                  "see the checks above, and the node's log"});
}

} // namespace

void add_status(CLI::App& app, action& chosen) {
  add_command<admin_options>(
    app, chosen,
    {"status",
     "Whether a node is ready; with an operator's token also how it is doing"},
    [](CLI::App& command, admin_options& x) { declare(command, x); }, status);
}

} // namespace iris::cli
