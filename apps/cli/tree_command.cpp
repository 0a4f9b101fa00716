#include "apps/cli/admin_options.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/table.hpp"

namespace iris::cli {

namespace {

std::string text_of(const ordered_json& in, const char* key) {
  auto i = in.find(key);
  if (i == in.end() || i->is_null())
    return {};
  return i->is_string() ? i->get<std::string>() : to_line(*i);
}

std::string mailbox_of(const ordered_json& in) {
  auto bound = text_of(in, "mailbox_bound");
  return text_of(in, "mailbox_depth") + " of " + (bound == "0" ? "any" : bound);
}

/// One row an actor. `stem` is drawn before its name, `below` before those of
/// its children.
void add_rows(table& to, const ordered_json& in, const std::string& stem,
              const std::string& below) {
  to.add({stem + text_of(in, "name"), text_of(in, "type"), text_of(in, "state"),
          text_of(in, "count"), mailbox_of(in), text_of(in, "rejected"),
          text_of(in, "restarts"), text_of(in, "last_fault")});
  auto children = in.find("children");
  if (children == in.end() || !children->is_array())
    return;
  for (const auto& x : *children) {
    auto last = &x == &children->back();
    add_rows(to, x, below + (last ? "└─ " : "├─ "),
             below + (last ? "   " : "│  "));
  }
}

exit_code tree(const admin_options& options, const console& io) {
  auto answer = call(options, {"GET", "/v1/tree"});
  if (!answer)
    return io.fail(because("can't read the supervision tree", answer.failure(),
                           operator_remedy(answer.failure())));
  auto root = ordered_json::parse(answer->body, nullptr, false);
  if (!root.is_object())
    return io.fail({exit_code::failed, "can't read the supervision tree",
                    "the answer is not a tree in JSON",
                    "check that " + options.url + " is a node of Iris"});
  if (io.json) {
    io.out << to_line(root) << std::endl;
    return exit_code::ok;
  }
  table rows{{"ACTOR", "TYPE", "STATE", "COUNT", "MAILBOX", "REJECTED",
              "RESTARTS", "LAST FAULT"}};
  add_rows(rows, root, "", "");
  rows.print(io.out);
  io.out.flush();
  return exit_code::ok;
}

} // namespace

void add_tree(CLI::App& app, action& chosen) {
  add_command<admin_options>(
    app, chosen, "tree", "The live supervision tree of a node",
    [](CLI::App& command, admin_options& x) { declare(command, x); }, tree);
}

} // namespace iris::cli
