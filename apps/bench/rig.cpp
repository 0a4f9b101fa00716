#include "apps/bench/rig.hpp"

#include "base/clock.hpp"
#include "base/random.hpp"
#include "config/load.hpp"
#include "security/key_file.hpp"

#include <boost/asio/connect.hpp>

#include <csignal>
#include <fstream>

namespace iris::bench {

namespace {

constexpr auto stop_timeout = std::chrono::minutes{1};

bool is_secure(const std::string& transport) {
  return transport == "tls" || transport == "wss";
}

bool is_websocket(const std::string& transport) {
  return transport == "ws" || transport == "wss";
}

std::string transport_of(const rig_options& x) {
  if (x.websocket)
    return x.tls ? "wss" : "ws";
  return x.tls ? "tls" : "tcp";
}

/// As a node is run, with room for the connections of a benchmark; fsync has
/// no switch. The folder's name is quoted as TOML wants it.
std::string config_text(const std::filesystem::path& data,
                        const std::string& transport) {
  auto text = "[node]\nname = \"bench\"\ndata_dir = "
              + config::toml_string(data.string()) + "\n[listen]\n";
  if (transport != "tcp")
    text += "tcp.address = \"\"\n";
  text += transport + ".address = \"127.0.0.1:0\"\n";
  if (is_secure(transport))
    text += "[tls]\ngenerate = true\n";
  return text
         + "[admin]\naddress = \"127.0.0.1:0\"\n"
           "[limits]\nconnections = 100000\nconnections_per_ip = 100000\n"
           "[log]\nlevel = \"warn\"\n";
}

std::string new_run_name() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "bench-";
  for (auto x = entropy(); out.size() < 14; x >>= 4)
    out += digits[x & 15];
  return out;
}

} // namespace

result<std::unique_ptr<rig>> rig::make(const rig_options& with) {
  raise_file_limit();
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<rig> out{new rig};
  out->run_name_ = new_run_name();
  auto ok = with.spawned() ? out->spawn(with) : out->use_running(with);
  if (!ok)
    return ok.failure();
  return out;
}

// -- a node of our own --------------------------------------------------------

result<void> rig::spawn(const rig_options& with) {
  auto scratch = scratch_directory::make(with.directory);
  if (!scratch)
    return scratch.failure();
  scratch_.emplace(*std::move(scratch));
  transport_ = transport_of(with);
  process_options_.program = with.irisd;
  process_options_.config = scratch_->path() / "iris.toml";
  process_options_.log = scratch_->path() / "irisd.log";
  std::ofstream{process_options_.config}
    << config_text(scratch_->path() / "data", transport_);
  if (auto ok = load_settings(process_options_.config); !ok)
    return ok;
  if (auto ok = start_process(); !ok)
    return ok;
  return load_key();
}

result<void> rig::start_process() {
  auto started = node_process::start(process_options_);
  if (!started && started.failure().code == errc::not_found)
    return error{errc::usage, started.failure().context
                                + ", expected the node's program: --irisd"};
  if (!started)
    return started.failure();
  process_ = *std::move(started);
  auto where = process_->listeners().find(transport_);
  if (where == process_->listeners().end())
    return error{errc::internal,
                 "the node said nothing of a listener for " + transport_};
  return aim(transport_, where->second, settings_.node.data_dir / "ca.pem");
}

result<void> rig::restart(int signal) {
  if (auto ok = process_->stop(signal, stop_timeout); !ok)
    return ok;
  return start_process();
}

result<void> rig::finish() {
  return process_ ? process_->stop(SIGTERM, stop_timeout) : result<void>{};
}

// -- a node that runs already -------------------------------------------------

result<void> rig::use_running(const rig_options& with) {
  auto scheme = with.server.find("://");
  auto transport = with.server.substr(0, scheme);
  auto known =
    transport == "tcp" || is_secure(transport) || is_websocket(transport);
  if (scheme == with.server.npos || !known)
    return error{errc::usage, "--server: expected tcp://host:port, or tls://, "
                              "ws:// or wss:// in its place, found '"
                                + with.server + "'"};
  pid_ = with.pid;
  if (auto ok = load_settings(with.config); !ok)
    return ok;
  if (auto ok = load_key(); !ok)
    return ok;
  return aim(transport, with.server.substr(scheme + 3), with.ca);
}

// -- both ---------------------------------------------------------------------

result<void> rig::load_settings(const std::filesystem::path& file) {
  auto loaded = config::load(file);
  if (!loaded)
    return error{errc::config_invalid, to_string(loaded.problems().front())};
  settings_ = *loaded;
  return {};
}

result<void> rig::load_key() {
  auto key = security::load_signing_key(config::signing_key_path(settings_));
  if (!key)
    return key.failure();
  issuer_ = std::make_shared<security::token_issuer>(settings_.node.name,
                                                     *std::move(key));
  return {};
}

result<void> rig::aim(const std::string& transport, const std::string& where,
                      const std::filesystem::path& ca) {
  auto at = config::endpoint::parse(where);
  if (!at || !at->loopback())
    return error{errc::usage, "a benchmark's load stays on this machine: "
                              "expected an address of its loopback, found '"
                                + where + "'"};
  boost::system::error_code failed;
  boost::asio::ip::tcp::resolver lookup{loop_.io()};
  auto found = lookup.resolve(at->host, std::to_string(at->port), failed);
  // A name may have several addresses: the node listens at one.
  boost::asio::ip::tcp::socket probe{loop_.io()};
  if (!failed)
    target_.address = boost::asio::connect(probe, found, failed);
  if (failed)
    return error{errc::no_connection, where + ": " + failed.message()};
  target_.host = at->host;
  target_.websocket = is_websocket(transport);
  if (!is_secure(transport))
    return {};
  auto context = security::client_context(ca);
  if (!context)
    return context.failure();
  target_.tls = std::move(*context);
  return {};
}

fleet::options rig::fleet_options() const {
  fleet::options out;
  out.where = target_;
  out.token = [by = issuer_](const user_id& who) {
    security::claims whom;
    whom.user = who;
    return by->issue(whom, std::chrono::hours{2}, system_clock().wall_now());
  };
  return out;
}

usage rig::node_usage() const {
  if (!node_is_known())
    return {};
  auto out = usage_of(node_pid());
  return out ? *out : usage{};
}

result<void> rig::add_sync_times(report& out) {
  if (!scratch_)
    return {};
  constexpr unsigned count = 200;
  unsigned done = 0;
  loop_.now_doing([&done] {
    return "syncs of the disk: " + std::to_string(done) + " of "
           + std::to_string(count);
  });
  auto found =
    sync_times(scratch_->path().string(), count, [&](unsigned so_far) {
      done = so_far;
      loop_.tell_if_due();
    });
  loop_.now_doing({});
  if (!found)
    return found.failure();
  out.add("sync", *found);
  return {};
}

report rig::begin_report(std::string bench) const {
  report out;
  out.bench = std::move(bench);
  out.on = this_machine();
  if (std::filesystem::exists(settings_.node.data_dir))
    out.store = file_system_of(settings_.node.data_dir.string());
  return out;
}

} // namespace iris::bench
