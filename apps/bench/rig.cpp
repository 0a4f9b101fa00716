#include "apps/bench/rig.hpp"

#include "base/clock.hpp"
#include "base/random.hpp"
#include "config/load.hpp"
#include "security/key_file.hpp"

#include <boost/asio/connect.hpp>

#include <csignal>

namespace iris::bench {

namespace {

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
  transport_ = transport_of(with);
  auto made = own_nodes::make(
    {with.irisd, with.directory, transport_, with.tls, with.nodes});
  if (!made)
    return made.failure();
  own_ = *std::move(made);
  if (auto ok = load_settings(own_->config(0)); !ok)
    return ok;
  if (auto ok = load_key(); !ok)
    return ok;
  return start_own();
}

result<void> rig::start_own() {
  if (auto ok = own_->start(); !ok)
    return ok;
  targets_.clear();
  for (std::size_t i = 0; i < own_->count(); ++i) {
    auto where = own_->address(i);
    if (!where)
      return where.failure();
    if (auto ok = aim(*where, own_->data_dir(i) / "ca.pem"); !ok)
      return ok;
  }
  return {};
}

result<void> rig::restart(int signal) {
  if (auto ok = own_->stop(signal); !ok)
    return ok;
  return start_own();
}

result<void> rig::finish() {
  return own_ ? own_->stop(SIGTERM) : result<void>{};
}

// -- a node that runs already -------------------------------------------------

result<void> rig::use_running(const rig_options& with) {
  auto scheme = with.server.find("://");
  transport_ = with.server.substr(0, scheme);
  auto known =
    transport_ == "tcp" || is_secure(transport_) || is_websocket(transport_);
  if (scheme == with.server.npos || !known)
    return error{errc::usage, "--server: expected tcp://host:port, or tls://, "
                              "ws:// or wss:// in its place, found '"
                                + with.server + "'"};
  pid_ = with.pid;
  if (auto ok = load_settings(with.config); !ok)
    return ok;
  if (auto ok = load_key(); !ok)
    return ok;
  return aim(with.server.substr(scheme + 3), with.ca);
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

result<void> rig::aim(const std::string& where,
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
  target next;
  if (!failed)
    next.address = boost::asio::connect(probe, found, failed);
  if (failed)
    return error{errc::no_connection, where + ": " + failed.message()};
  next.host = at->host;
  next.websocket = is_websocket(transport_);
  if (is_secure(transport_)) {
    auto context = security::client_context(ca);
    if (!context)
      return context.failure();
    next.tls = std::move(*context);
  }
  targets_.push_back(std::move(next));
  return {};
}

fleet::options rig::fleet_options() const {
  fleet::options out;
  out.where = targets_;
  out.token = [by = issuer_](const user_id& who) {
    security::claims whom;
    whom.user = who;
    return by->issue(whom, std::chrono::hours{2}, system_clock().wall_now());
  };
  return out;
}

usage rig::node_usage() const {
  if (own_)
    return own_->used();
  if (pid_ <= 0)
    return {};
  auto out = usage_of(pid_);
  return out ? *out : usage{};
}

result<void> rig::add_sync_times(report& out) {
  if (!own_)
    return {};
  constexpr unsigned count = 200;
  unsigned done = 0;
  loop_.now_doing([&done] {
    return "syncs of the disk: " + std::to_string(done) + " of "
           + std::to_string(count);
  });
  auto found = sync_times(own_->folder().string(), count, [&](unsigned so_far) {
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
  if (own_ && own_->count() > 1)
    out.add("nodes", static_cast<double>(own_->count()), "");
  if (std::filesystem::exists(settings_.node.data_dir))
    out.store = file_system_of(settings_.node.data_dir.string());
  return out;
}

} // namespace iris::bench
