#include "apps/cli/command.hpp"
#include "apps/cli/item_text.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/session.hpp"
#include "apps/cli/table.hpp"
#include "apps/cli/typed_id.hpp"

namespace iris::cli {

namespace {

struct device_options {
  login_options login;
  std::string name;
};

/// What these commands come in as, unless they are told otherwise.
constexpr auto own_device = "iris-device";

using asking = std::function<result<std::uint64_t>(client::client&)>;
/// Whether that was the answer.
using heeding = std::function<bool(const client::event&)>;

/// Logs in, asks once, and goes: a device that came only to ask would hold the
/// inbox itself.
exit_code ask(const device_options& options, const char* task,
              const console& io, const asking& question, const heeding& heed) {
  const auto& as = options.login;
  const auto stays = as.device != own_device || options.name == own_device;
  auto with = prepare(as);
  if (!with)
    return io.fail(because(task, with.failure(), key_remedy(with.failure())));
  with->options.auto_ack = false;
  with->options.inbox_window = 1;
  session here{io, *std::move(with), task};
  auto answered = false;
  here.on_event([&, asked = false](const client::event& x) mutable {
    if (std::holds_alternative<client::connected>(x)) {
      if (std::exchange(asked, true))
        return;
      if (auto n = question(here.node()); !n)
        here.fail(n.failure());
    } else if (auto refused = std::get_if<client::refused>(&x)) {
      here.fail(refused->why, refused->why.code == errc::not_found
                                ? "see which there are with: iris device list"
                                : "");
    } else if (answered) {
      if (std::holds_alternative<protocol::done>(x))
        here.end(exit_code::ok);
    } else if ((answered = heed(x))) {
      if (stays)
        return here.end(exit_code::ok);
      auto own = *device_id::parse(own_device);
      if (auto n = here.node().remove_device(own); !n)
        here.fail(n.failure());
    }
  });
  here.expect_end_within(as.timeout_s, "the node to answer");
  return here.run();
}

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
  return ask(
    options, "can't list your devices", io,
    [](client::client& by) { return by.devices(); },
    [&io](const client::event& x) {
      auto all = std::get_if<protocol::device_list>(&x);
      if (all != nullptr)
        show(*all, io);
      return all != nullptr;
    });
}

exit_code remove_device(const device_options& options, const console& io) {
  constexpr auto task = "can't remove the device";
  auto which = typed_id<device_id>("DEVICE", options.name);
  if (!which)
    return io.fail(because(task, which.failure()));
  return ask(
    options, task, io,
    [&](client::client& by) { return by.remove_device(*which); },
    [&io](const client::event& x) {
      auto removed = std::holds_alternative<protocol::done>(x);
      if (removed && io.json)
        io.out << to_line({{"removed", true}}) << std::endl;
      return removed;
    });
}

} // namespace

void add_device(CLI::App& app, action& chosen) {
  auto device = app.add_subcommand("device", "Your devices");
  device->require_subcommand(1);
  add_command<device_options>(
    *device, chosen, {"list", "Each with the last offset it has read"},
    [](CLI::App& command, device_options& x) {
      declare(command, x.login, own_device);
    },
    list_devices);
  add_command<device_options>(
    *device, chosen,
    {"remove", "Cut one off, and forget what it has read: one that never comes "
               "back holds the inbox"},
    [](CLI::App& command, device_options& x) {
      command.add_option("DEVICE", x.name, "Its name")->required();
      declare(command, x.login, own_device);
    },
    remove_device);
}

} // namespace iris::cli
