#include "apps/cli/cluster_call.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/table.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

struct node_options {
  cluster_options with;
  std::uint64_t id = 0;
  std::string address;
  std::string zone;
  bool off = false;
};

std::string length_of(std::uint64_t ms) {
  auto s = ms / 1000;
  if (s < 120)
    return std::to_string(s) + " s";
  if (s < 7200)
    return std::to_string(s / 60) + " min";
  return std::to_string(s / 3600) + " h";
}

/// Who keeps something.
std::size_t count_keepers(const ordered_json& found) {
  const auto& all = at(found, "nodes");
  return std::count_if(all.begin(), all.end(), [](const auto& x) {
    const auto& replicas = at(x, "replicas");
    return replicas.is_number() && replicas > 0;
  });
}

/// Whether others see it. Who keeps nothing any more is not waited for.
std::string seen(const ordered_json& node) {
  const auto& away = at(node, "away_ms");
  auto known = away.is_number_unsigned();
  if (!known && at(node, "up") == true)
    return "up";
  if (at(node, "state") == "removed" && at(node, "empty") == true)
    return "gone";
  auto out = known ? "away for " + length_of(away.get<std::uint64_t>())
                   : std::string{"not seen yet"};
  return at(node, "dead") == true ? "dead, " + out : out;
}

/// What an operator may have to do about a node; empty if it is fine. `asked`:
/// this is the one that says so.
std::string next_step(const ordered_json& node, bool asked) {
  auto id = cell_text(at(node, "id"));
  auto state = cell_text(at(node, "state"));
  auto name = "node " + id;
  if (state == "removed") {
    if (asked)
      return name
             + " was removed and hears of nothing any more: see at another "
               "node, with --admin, what it keeps";
    if (at(node, "empty") != true)
      return name + " was removed, and still keeps replicas: let it run";
    return name + " keeps nothing any more"
           + (at(node, "up") == true ? ": stop it" : "");
  }
  auto remove = "iris node remove " + id;
  if (at(node, "dead") == true)
    return name + " is dead; if it never comes back: "
           + (state == "draining" ? "" : "iris node drain " + id + ", then ")
           + remove;
  if (state == "draining")
    return name + " drains; to have it back: iris node drain " + id
           + " --off; to have it go: " + remove;
  return {};
}

void show_nodes(const ordered_json& found, std::ostream& to) {
  table rows{{"NODE", "ADDRESS", "ZONE", "STATE", "SEEN", "LEADS", "REPLICAS"}};
  for (const auto& x : at(found, "nodes"))
    rows.add({cell_text(at(x, "id")), cell_text(at(x, "address")),
              cell_text(at(x, "zone")), cell_text(at(x, "state")), seen(x),
              cell_text(at(x, "leads")), cell_text(at(x, "replicas"))});
  rows.print(to);
  for (const auto& x : at(found, "nodes"))
    if (auto next = next_step(x, at(x, "id") == at(found, "self"));
        !next.empty())
      to << '\n' << printable(next) << '\n';
  if (count_keepers(found) == 2)
    to << "\ntwo nodes keep all shards: without a third, each needs both\n";
  if (at(found, "settled") != true)
    to << "\nleaders or replicas are on their way: iris shard list\n";
}

exit_code list_nodes(const node_options& x, const console& io) {
  return show_cluster("can't list the nodes", "/v1/nodes", x.with, io,
                      show_nodes);
}

std::string name_of(const node_options& x) {
  return "node " + std::to_string(x.id);
}

exit_code let_join(const node_options& x, const console& io) {
  cluster_order what;
  what.task = "can't add " + name_of(x);
  what.target = "/v1/nodes";
  what.body = {{"id", x.id}, {"address", x.address}};
  if (!x.zone.empty())
    what.body["zone"] = x.zone;
  what.taken =
    name_of(x) + " may join as " + x.address + ": start it, unless it runs";
  what.done = name_of(x) + " is up and has its share";
  what.watched = "/v1/nodes";
  what.is_done = [id = x.id](const ordered_json& found) {
    const auto& node = find(at(found, "nodes"), "id", id);
    return at(node, "up") == true && at(found, "settled") == true;
  };
  what.awaited = name_of(x) + " to be up and all replicas to be in their place";
  return carry_out(what, x.with, io);
}

exit_code retire(const node_options& x, const console& io) {
  cluster_order what;
  what.task = "can't remove " + name_of(x);
  what.target = "/v1/nodes/remove";
  what.body = {{"id", x.id}};
  what.taken =
    name_of(x) + " goes: if it runs, let it until it keeps nothing any more";
  what.done = name_of(x) + " keeps nothing any more: stop it";
  what.watched = "/v1/nodes";
  what.is_done = [id = x.id](const ordered_json& found) {
    const auto& node = find(at(found, "nodes"), "id", id);
    return at(node, "state") == "removed" && at(node, "empty") == true;
  };
  what.awaited = "others to have all that " + name_of(x) + " keeps";
  what.unseen = [&x](const ordered_json& found) {
    return at(found, "self") == x.id
             ? name_of(x)
                 + " hears of nothing once it is gone: expected another node "
                   "to be asked, and changed nothing"
             : std::string{};
  };
  what.remedy =
    "tell it to drain first: iris node drain " + std::to_string(x.id);
  return carry_out(what, x.with, io);
}

exit_code drain(const node_options& x, const console& io) {
  cluster_order what;
  what.task = (x.off ? "can't take back " : "can't drain ") + name_of(x);
  what.target = "/v1/nodes/drain";
  what.body = {{"id", x.id}, {"on", !x.off}};
  what.taken = name_of(x)
               + (x.off ? " takes clients and leads again"
                        : " drains: its clients go to others, who lead what "
                          "it led");
  what.done = x.off ? what.taken : name_of(x) + " leads nothing any more";
  what.watched = "/v1/nodes";
  what.is_done = [id = x.id, off = x.off](const ordered_json& found) {
    const auto& node = find(at(found, "nodes"), "id", id);
    if (off)
      return at(node, "state") == "active" && at(found, "settled") == true;
    return at(node, "state") == "draining" && at(node, "leads") == 0
           && at(node, "controller") == false && at(found, "leaderless") == 0;
  };
  what.awaited = x.off ? "leaders to be even again"
                       : "others to lead what " + name_of(x) + " led";
  return carry_out(what, x.with, io);
}

void declare_id(CLI::App& command, node_options& x) {
  command.add_option("ID", x.id, "Its number, node.id")
    ->required()
    ->check(whole(1, 4'294'967'295));
}

} // namespace

void add_node(CLI::App& app, action& chosen) {
  auto node = app.add_subcommand("node", "The nodes of a cluster");
  node->require_subcommand(1);
  add_command<node_options>(
    *node, chosen, {"list", "Which there are, and what they keep"},
    [](CLI::App& command, node_options& x) { declare(command, x.with, false); },
    list_nodes);
  add_command<node_options>(
    *node, chosen,
    {"add", "Let a new one join, or correct where a known one is"},
    [](CLI::App& command, node_options& x) {
      declare_id(command, x);
      command
        .add_option("ADDRESS", x.address, "HOST:PORT where the others reach it")
        ->required();
      command.add_option("--zone", x.zone,
                         "What fails together; replicas are kept apart. "
                         "Without, a known node keeps its own");
      declare(command, x.with, true);
    },
    let_join);
  add_command<node_options>(
    *node, chosen,
    {"remove",
     "Others take all that a draining one keeps; it never comes back"},
    [](CLI::App& command, node_options& x) {
      declare_id(command, x);
      declare(command, x.with, true);
    },
    retire);
  add_command<node_options>(
    *node, chosen, {"drain", "Others lead what it led, and take its clients"},
    [](CLI::App& command, node_options& x) {
      declare_id(command, x);
      command.add_flag("--off", x.off, "It may lead and take clients again");
      declare(command, x.with, true);
    },
    drain);
}

} // namespace iris::cli
