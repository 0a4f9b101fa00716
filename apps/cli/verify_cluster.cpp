#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/table.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "cluster/cluster_map.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace iris::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto what = "can't compare the cluster's replicas";
constexpr auto between_looks = 500ms;
/// For one answer of the node.
constexpr std::chrono::milliseconds look_timeout = 10s;

void wait(std::chrono::milliseconds time) {
  boost::asio::io_context io;
  boost::asio::steady_timer{io, time}.wait();
}

std::string text_at(const ordered_json& in, const char* key) {
  auto found = in.find(key);
  return found != in.end() && found->is_string() ? found->get<std::string>()
                                                 : "";
}

std::uint64_t number_at(const ordered_json& in, const char* key) {
  auto found = in.find(key);
  return found != in.end() && found->is_number_unsigned()
           ? found->get<std::uint64_t>()
           : 0;
}

/// What was found out about the replicas of one shard so far.
struct shard_found {
  std::uint64_t entry = 0;
  bool over = false;
  std::string problem = "nothing was heard of it";
  /// By node. Who was different once is, whatever a later leader says: it was
  /// made anew.
  std::map<std::uint64_t, std::string> states = {};
  std::map<std::uint64_t, std::string> damage = {};
};

using all_found = std::map<std::uint64_t, shard_found>;

void take(const ordered_json& said, shard_found& into) {
  if (into.over)
    return;
  into.problem = text_at(said, "problem");
  // Who leads no more, or can't be reached, says nothing new.
  if (!into.problem.empty())
    return;
  into.entry = number_at(said, "entry");
  auto over = said.find("over");
  into.over = over != said.end() && *over == true;
  auto replicas = said.find("replicas");
  if (replicas == said.end())
    return;
  for (const auto& x : *replicas) {
    auto node = number_at(x, "node");
    auto& state = into.states[node];
    if (state != "different")
      state = text_at(x, "state");
    if (auto damage = text_at(x, "damage"); !damage.empty())
      into.damage[node] = damage;
  }
}

/// Asks once. Whether all is known.
result<bool> ask(const admin_node& node, std::uint64_t number,
                 all_found& into) {
  auto answer =
    call(node, {"POST", "/v1/verify", {}, to_line({{"number", number}})});
  if (!answer)
    return answer.failure();
  auto said = ordered_json::parse(answer->body, nullptr, false);
  if (!said.is_object() || !said["shards"].is_array())
    return error{errc::internal, "the answer holds no shards, expected "
                                 "{\"shards\":[…]}"};
  for (const auto& x : said["shards"])
    take(x, into[number_at(x, "shard")]);
  return std::all_of(into.begin(), into.end(),
                     [](const auto& x) { return x.second.over; });
}

std::string nodes_in(const shard_found& from,
                     std::initializer_list<std::string_view> states) {
  std::string out;
  for (const auto& [node, state] : from.states)
    if (std::find(states.begin(), states.end(), state) != states.end())
      out += (out.empty() ? "" : " ") + std::to_string(node);
  return out;
}

bool well(const shard_found& x) {
  return x.over && x.damage.empty()
         && std::all_of(x.states.begin(), x.states.end(),
                        [](const auto& y) { return y.second == "same"; });
}

std::string remark_on(const shard_found& x) {
  std::string out;
  auto add = [&](const std::string& more) {
    out += (out.empty() ? "" : "; ") + more;
  };
  if (!x.over && !x.problem.empty())
    add(x.problem);
  if (!nodes_in(x, {"different"}).empty())
    add("copied anew from the others");
  if (!nodes_in(x, {"undecided"}).empty())
    add("no majority holds the same");
  for (const auto& [node, damage] : x.damage)
    add("node " + std::to_string(node) + ": " + damage);
  return printable(out);
}

void print_text(const all_found& all, std::ostream& to) {
  table rows{
    {"SHARD", "ENTRY", "SAME", "DIFFERENT", "UNDECIDED", "SILENT", "REMARK"}};
  std::set<std::uint64_t> nodes;
  for (const auto& [shard, x] : all) {
    rows.add({cluster::label_of({static_cast<std::uint16_t>(shard)}),
              std::to_string(x.entry), nodes_in(x, {"same"}),
              nodes_in(x, {"different"}), nodes_in(x, {"undecided"}),
              nodes_in(x, {"silent"}), remark_on(x)});
    for (const auto& [node, _] : x.states)
      nodes.insert(node);
  }
  rows.print(to);
  if (nodes.size() == 1)
    to << "one node holds all: nothing to compare it with, but all of it was "
          "read\n";
  to.flush();
}

void print_json(const all_found& all, std::ostream& to) {
  auto shards = ordered_json::array();
  for (const auto& [shard, x] : all) {
    auto replicas = ordered_json::array();
    for (const auto& [node, state] : x.states) {
      auto damage = x.damage.find(node);
      replicas.push_back(
        {{"node", node},
         {"state", state},
         {"damage", damage == x.damage.end() ? "" : damage->second}});
    }
    shards.push_back({{"shard", shard},
                      {"entry", x.entry},
                      {"ok", well(x)},
                      {"over", x.over},
                      {"problem", x.over ? "" : x.problem},
                      {"replicas", replicas}});
  }
  auto ok = std::all_of(all.begin(), all.end(),
                        [](const auto& x) { return well(x.second); });
  to << to_line({{"ok", ok}, {"shards", shards}}) << std::endl;
}

} // namespace

exit_code verify_cluster(const admin_options& options, const console& io) {
  auto to = prepare(options);
  if (!to)
    return io.fail(because(what, to.failure()));
  auto end = system_clock().steady_now() + to->at_most;
  to->at_most = std::min(to->at_most, look_timeout);
  auto number = 1 + random_source{entropy()}.below(std::uint64_t{1} << 53);
  all_found all;
  for (;;) {
    auto over = ask(*to, number, all);
    if (!over)
      return io.fail(
        because(what, over.failure(), operator_remedy(over.failure())));
    if (*over || system_clock().steady_now() + between_looks >= end)
      break;
    wait(between_looks);
  }
  io.json ? print_json(all, io.out) : print_text(all, io.out);
  auto bad = std::count_if(all.begin(), all.end(),
                           [](const auto& x) { return !well(x.second); });
  if (bad == 0)
    return exit_code::ok;
  auto over = std::all_of(all.begin(), all.end(),
                          [](const auto& x) { return x.second.over; });
  return io.fail(
    {over ? exit_code::failed : exit_code::timed_out,
     "not all replicas are known to hold the same",
     "of " + std::to_string(bad) + " of " + std::to_string(all.size())
       + " shards, expected of none",
     over
       ? "look after disk and memory of the nodes that differ; compare again "
         "when they have copied the others' state"
       : "start the nodes that are silent, and compare again"});
}

} // namespace iris::cli
