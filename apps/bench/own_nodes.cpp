#include "apps/bench/own_nodes.hpp"

#include "base/clock.hpp"
#include "config/problem.hpp"
#include "security/cluster_certificates.hpp"
#include "security/key_file.hpp"

#include <fstream>
#include <system_error>

namespace iris::bench {

namespace {

constexpr auto stop_timeout = std::chrono::minutes{1};
constexpr auto cluster_name = "bench";

std::string quoted(const std::filesystem::path& x) {
  return config::toml_string(x.string());
}

/// As a node is run, with room for the connections of a benchmark; fsync has
/// no switch. The folder's name is quoted as TOML wants it.
std::string config_text(const own_nodes& all, std::size_t i,
                        const own_nodes::options& with) {
  const auto& transport = with.transport;
  auto text = "[node]\nname = \"" + std::string{cluster_name}
              + "\"\nid = " + std::to_string(i + 1)
              + "\ndata_dir = " + quoted(all.data_dir(i)) + "\n[auth]\nkey = "
              + quoted(all.folder() / "signing-key.json") + "\n[listen]\n";
  if (transport != "tcp")
    text += "tcp.address = \"\"\n";
  text += transport + ".address = \"127.0.0.1:0\"\n";
  if (with.tls)
    text += "[tls]\ngenerate = true\n";
  return text
         + "[admin]\naddress = \"127.0.0.1:0\"\n"
           "[limits]\nconnections = 100000\nconnections_per_ip = 100000\n"
           "[log]\nlevel = \"warn\"\n";
}

} // namespace

own_nodes::own_nodes(options with, scratch_directory home)
  : with_(std::move(with)), home_(std::move(home)) {
  for (std::size_t i = 0; i < with_.count; ++i) {
    auto name = "irisd-" + std::to_string(i + 1);
    programs_.push_back(
      {with_.irisd, folder() / (name + ".toml"), folder() / (name + ".log")});
  }
}

result<std::unique_ptr<own_nodes>> own_nodes::make(const options& with) {
  auto home = scratch_directory::make(with.directory);
  if (!home)
    return home.failure();
  std::unique_ptr<own_nodes> out{new own_nodes{with, *std::move(home)}};
  if (auto ok = out->configure(); !ok)
    return ok.failure();
  return out;
}

result<void> own_nodes::configure() {
  auto key =
    security::load_or_create_signing_key(folder() / "signing-key.json");
  if (!key)
    return key.failure();
  for (std::size_t i = 0; i < count(); ++i)
    std::ofstream{config(i)} << config_text(*this, i, with_);
  return count() > 1 ? configure_cluster() : result<void>{};
}

result<void> own_nodes::configure_cluster() {
  try {
    ports_.resize(count());
  } catch (const std::system_error& x) {
    return error{errc::io_failed, x.what()};
  }
  std::string nodes;
  for (std::size_t i = 0; i < count(); ++i)
    nodes += '"' + std::to_string(i + 1)
             + "=127.0.0.1:" + std::to_string(ports_[i].number()) + "\", ";
  auto now = system_clock().wall_now();
  auto ca = security::make_cluster_ca(folder(), cluster_name, now);
  if (!ca)
    return ca.failure();
  for (std::size_t i = 0; i < count(); ++i) {
    auto made = security::make_node_certificate(
      folder(), {*ca, cluster_name, {i + 1}, now});
    if (!made)
      return made.failure();
    std::ofstream{config(i), std::ios::app}
      << "[cluster]\naddress = \"127.0.0.1:" << ports_[i].number()
      << "\"\nca = " << quoted(ca->certificate)
      << "\ncertificate = " << quoted(made->certificate) << "\nnodes = ["
      << nodes << "]\n";
  }
  return {};
}

result<void> own_nodes::start() {
  for (const auto& x : programs_) {
    auto started = node_process::start(x);
    if (!started && started.failure().code == errc::not_found)
      return error{errc::usage, started.failure().context
                                  + ", expected the node's program: --irisd"};
    if (!started)
      return started.failure();
    running_.push_back(*std::move(started));
  }
  return {};
}

result<void> own_nodes::stop(int signal) {
  for (auto& x : running_)
    if (auto ok = x->stop(signal, stop_timeout); !ok)
      return ok;
  running_.clear();
  return {};
}

result<std::string> own_nodes::address(std::size_t i) const {
  const auto& all = running_[i]->listeners();
  auto where = all.find(with_.transport);
  if (where == all.end())
    return error{errc::internal,
                 "the node said nothing of a listener for " + with_.transport};
  return where->second;
}

usage own_nodes::used() const {
  usage out;
  for (const auto& x : running_)
    if (auto one = usage_of(x->pid())) {
      out.cpu_s += one->cpu_s;
      out.rss_bytes += one->rss_bytes;
    }
  return out;
}

} // namespace iris::bench
