#include "apps/cli/command.hpp"
#include "apps/cli/errand.hpp"
#include "apps/cli/item_text.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/table.hpp"
#include "apps/cli/typed_id.hpp"

namespace iris::cli {

namespace {

struct device_options {
  login_options login;
  std::string name;
};

void show(const protocol::device_list& x, const console& io) {
  table rows{{"DEVICE", "READ", "SEEN"}};
  auto list = ordered_json::array();
  for (const auto& one : x.list) {
    rows.add({one.name.str(), std::to_string(one.cursor.value),
              one.online ? "online" : date_and_time(one.seen)});
    list.push_back({{"device", one.name.str()},
                    {"read", one.cursor.value},
                    {"online", one.online},
                    {"seen_ms", one.seen.ms}});
  }
  if (io.json)
    io.out << to_line({{"devices", list}}) << '\n';
  else
    rows.print(io.out);
  io.out.flush();
}

exit_code list_devices(const device_options& options, const console& io) {
  errand what;
  what.task = "can't list your devices";
  what.ask = [](client::client& by) { return outcome_of(by.devices()); };
  what.heed = [&io](const client::event& x, client::client&) -> result<bool> {
    auto all = std::get_if<protocol::device_list>(&x);
    if (all != nullptr)
      show(*all, io);
    return all != nullptr;
  };
  return run(what, options.login, io);
}

exit_code remove_device(const device_options& options, const console& io) {
  errand what;
  what.task = "can't remove the device";
  auto which = typed_id<device_id>("DEVICE", options.name);
  if (!which)
    return io.fail(because(what.task, which.failure()));
  what.stand_in = *which;
  what.ask = [&](client::client& by) {
    return outcome_of(by.remove_device(*which));
  };
  what.heed = [&io](const client::event& x, client::client&) -> result<bool> {
    auto removed = std::holds_alternative<protocol::done>(x);
    if (removed && io.json)
      io.out << to_line({{"removed", true}}) << std::endl;
    return removed;
  };
  what.remedy = [](const error& why) {
    return why.code == errc::not_found
             ? "see which there are with: iris device list"
             : std::string{};
  };
  return run(what, options.login, io);
}

} // namespace

void add_device(CLI::App& app, action& chosen) {
  auto device = app.add_subcommand("device", "Your devices");
  device->require_subcommand(1);
  add_command<device_options>(
    *device, chosen, {"list", "Each with the last offset it has read"},
    [](CLI::App& command, device_options& x) {
      declare(command, x.login, "iris-device");
    },
    list_devices);
  add_command<device_options>(
    *device, chosen,
    {"remove", "Cut one off, and forget what it has read: one that never comes "
               "back holds the inbox"},
    [](CLI::App& command, device_options& x) {
      command.add_option("DEVICE", x.name, "Its name")->required();
      declare(command, x.login, "iris-device");
    },
    remove_device);
}

} // namespace iris::cli
