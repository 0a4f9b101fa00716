#include "apps/cli/cluster_call.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/table.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

struct shard_options {
  cluster_options with;
  std::uint64_t shard = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

std::string motion_of(const ordered_json& x) {
  if (at(x, "moving") != true)
    return "";
  auto dropped = cell_text(at(x, "dropped"));
  return dropped.empty() ? "moves" : "moves, may still need " + dropped;
}

std::vector<std::string> row_of(std::string name, const ordered_json& x) {
  return {std::move(name), cell_text(at(x, "voters")),
          cell_text(at(x, "actual")), cell_text(at(x, "leader")), motion_of(x)};
}

void show_shards(const ordered_json& found, std::ostream& to) {
  table rows{{"SHARD", "WANTED", "ACTUAL", "LEADER", ""}};
  for (const auto& x : at(found, "shards"))
    rows.add(row_of(cell_text(at(x, "shard")), x));
  rows.add(row_of("control", at(found, "control")));
  rows.print(to);
}

exit_code list_shards(const shard_options& x, const console& io) {
  return show_cluster("can't list the shards", "/v1/shards", x.with, io,
                      show_shards);
}

const ordered_json& shard_in(const ordered_json& in, std::uint64_t shard) {
  return find(at(in, "shards"), "shard", shard);
}

bool contains(const ordered_json& list, std::uint64_t id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

exit_code move(const shard_options& x, const console& io) {
  auto shard = "shard " + std::to_string(x.shard);
  auto to = "node " + std::to_string(x.to);
  cluster_order what;
  what.task = "can't move " + shard;
  what.target = "/v1/shards/move";
  what.body = {{"shard", x.shard}, {"from", x.from}, {"to", x.to}};
  what.taken = "a replica of " + shard + " goes to " + to;
  what.done = "a replica of " + shard + " is on " + to;
  what.watched = "/v1/shards";
  what.is_done = [x](const ordered_json& found) {
    const auto& actual = at(shard_in(found, x.shard), "actual");
    return contains(actual, x.to) && !contains(actual, x.from);
  };
  what.awaited = "a replica of " + shard + " on " + to;
  return carry_out(what, x.with, io);
}

exit_code transfer(const shard_options& x, const console& io) {
  auto shard = "shard " + std::to_string(x.shard);
  auto to = "node " + std::to_string(x.to);
  cluster_order what;
  what.task = "can't have " + to + " lead " + shard;
  what.target = "/v1/shards/transfer";
  what.body = {{"shard", x.shard}, {"to", x.to}};
  what.taken = to + " is to lead " + shard;
  what.done = to + " leads " + shard;
  what.watched = "/v1/shards";
  what.is_done = [x](const ordered_json& found) {
    return at(shard_in(found, x.shard), "leader") == x.to;
  };
  what.awaited = to + " to lead " + shard;
  return carry_out(what, x.with, io);
}

CLI::Validator node_number() {
  return whole(1, 4'294'967'295);
}

void declare_shard(CLI::App& command, shard_options& x) {
  command.add_option("SHARD", x.shard, "Its number")
    ->required()
    ->check(whole(0, 1023));
}

} // namespace

void add_shard(CLI::App& app, action& chosen) {
  auto shard =
    app.add_subcommand("shard", "Where the shards of a cluster are kept");
  shard->require_subcommand(1);
  add_command<shard_options>(
    *shard, chosen, {"list", "Where each is wanted, where it is, who leads it"},
    [](CLI::App& command, shard_options& x) {
      declare(command, x.with, false);
    },
    list_shards);
  add_command<shard_options>(
    *shard, chosen, {"move", "Move a replica from one node to another"},
    [](CLI::App& command, shard_options& x) {
      declare_shard(command, x);
      command.add_option("--from", x.from, "A node that has a replica")
        ->required()
        ->check(node_number());
      command.add_option("--to", x.to, "A node that has none")
        ->required()
        ->check(node_number());
      declare(command, x.with, true);
    },
    move);
  add_command<shard_options>(
    *shard, chosen, {"transfer", "Have one of its nodes lead a shard"},
    [](CLI::App& command, shard_options& x) {
      declare_shard(command, x);
      command.add_option("--to", x.to, "A node that has a replica")
        ->required()
        ->check(node_number());
      declare(command, x.with, true);
    },
    transfer);
}

} // namespace iris::cli
