#include "apps/cli/admin_options.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/table.hpp"

namespace iris::cli {

namespace {

std::string member_text(const ordered_json& in, const char* key) {
  auto i = in.find(key);
  if (i == in.end() || i->is_null())
    return {};
  return i->is_string() ? i->get<std::string>() : to_line(*i);
}

/// Nothing for none: what is there stands out.
std::string number_of(const ordered_json& in, const char* key) {
  auto text = member_text(in, key);
  return text == "0" ? "" : text;
}

std::string mailbox_of(const ordered_json& in) {
  auto depth = number_of(in, "mailbox_depth");
  auto bound = number_of(in, "mailbox_bound");
  return depth.empty() || bound.empty() ? depth : depth + " of " + bound;
}

/// An actor, or a kind of actors, as a row.
struct drawn {
  std::string name;
  std::vector<std::string> cells; ///< behind the name
  std::vector<drawn> children;

  bool alike(const drawn& other) const {
    return cells == other.cells && children == other.children;
  }
  bool operator==(const drawn&) const = default;
};

bool has_nothing_to_tell(const ordered_json& in) {
  return member_text(in, "count") == "0" && mailbox_of(in).empty()
         && number_of(in, "rejected").empty()
         && number_of(in, "restarts").empty()
         && member_text(in, "last_fault").empty();
}

/// Without those that hold no actor and never failed. Neighbours that differ
/// in nothing but their names become one.
drawn draw(const ordered_json& in) {
  drawn out{member_text(in, "name"),
            {member_text(in, "type"), member_text(in, "state"),
             member_text(in, "count"), mailbox_of(in),
             number_of(in, "rejected"), number_of(in, "restarts"),
             member_text(in, "last_fault")},
            {}};
  auto children = in.find("children");
  if (children == in.end() || !children->is_array())
    return out;
  std::string last;
  for (const auto& x : *children) {
    auto next = draw(x);
    if (next.children.empty() && has_nothing_to_tell(x))
      continue;
    if (out.children.empty() || !out.children.back().alike(next)) {
      last = next.name;
      out.children.push_back(std::move(next));
    } else {
      out.children.back().name = last + " … " + next.name;
    }
  }
  return out;
}

/// `stem` is drawn before its name, `below` before those of its children.
void add_rows(table& to, const drawn& in, const std::string& stem,
              const std::string& below) {
  std::vector<std::string> row{stem + in.name};
  row.insert(row.end(), in.cells.begin(), in.cells.end());
  to.add(std::move(row));
  for (const auto& x : in.children) {
    auto last = &x == &in.children.back();
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
  add_rows(rows, draw(root), "", "");
  rows.print(io.out);
  io.out.flush();
  return exit_code::ok;
}

} // namespace

void add_tree(CLI::App& app, action& chosen) {
  add_command<admin_options>(
    app, chosen,
    {"tree", "The live supervision tree of a node; nothing stands for none"},
    [](CLI::App& command, admin_options& x) { declare(command, x); }, tree);
}

} // namespace iris::cli
