#include "apps/cli/admin_options.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/remedies.hpp"
#include "cluster/cluster_map.hpp"

namespace iris::cli {

namespace {

struct repair_options {
  std::uint16_t shard = 0;
  admin_options admin;
};

std::string remedy_for(const error& why) {
  if (why.code == errc::corrupt || why.code == errc::io_failed)
    return "keep a copy of the node's store, and look after its disk";
  return operator_remedy(why);
}

std::string to_number(std::string given) {
  auto control = cluster::control_shard;
  return given == cluster::label_of(control) ? std::to_string(control.value)
                                             : given;
}

exit_code repair(const repair_options& options, const console& io) {
  auto shard = cluster::label_of({options.shard});
  auto answer =
    call(options.admin,
         {"POST", "/v1/repair", {}, to_line({{"shard", options.shard}})});
  if (!answer)
    return io.fail(because("can't repair the node's replica of shard " + shard,
                           answer.failure(), remedy_for(answer.failure())));
  if (io.json)
    io.out << to_line({{"shard", options.shard}}) << std::endl;
  else
    io.out << "the node copies shard " << shard << " from the others"
           << std::endl;
  return exit_code::ok;
}

} // namespace

void add_repair(CLI::App& app, action& chosen) {
  add_command<repair_options>(
    app, chosen,
    {"repair", "Make a node's replica of a shard anew from another node's"},
    [](CLI::App& command, repair_options& x) {
      command.add_option("SHARD", x.shard, "Its number, or control")
        ->required()
        ->transform(to_number, "")
        ->check(whole(0, UINT16_MAX));
      declare(command, x.admin);
    },
    repair);
}

} // namespace iris::cli
