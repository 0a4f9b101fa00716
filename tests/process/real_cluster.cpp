#include "tests/process/real_cluster.hpp"

#include "persistence/keys.hpp"
#include "security/certificates.hpp"
#include "security/cluster_certificates.hpp"
#include "security/key_file.hpp"
#include "tests/process/looks.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace iris::process {

namespace {

using namespace std::chrono_literals;

/// Of the configurations that real_node makes.
constexpr auto cluster_name = "process";

template <class T>
T must(result<T> made) {
  if (!made)
    throw std::runtime_error(to_string(made.failure()));
  return *std::move(made);
}

security::node_certificate certificate_for(const security::cluster_ca& ca,
                                           std::size_t i) {
  return {ca, cluster_name, {i + 1}, system_clock().wall_now()};
}

} // namespace

real_cluster::real_cluster(std::size_t founders, std::size_t joiners,
                           const std::string& more)
  : scratch_(must(
    bench::scratch_directory::make(std::filesystem::temp_directory_path()))),
    founders_(founders), ports_(founders + joiners) {
  auto home = scratch_.path();
  auto now = system_clock().wall_now();
  auto key = home / "signing-key.json";
  must(security::load_or_create_signing_key(key));
  must(
    security::make_self_signed(home / "tls", {"localhost", "127.0.0.1"}, now));
  auto ca = must(security::make_cluster_ca(home / "ca", cluster_name, now));
  for (std::size_t from = 0; from < founders_; ++from)
    for (std::size_t to = 0; to < founders_; ++to)
      wires_.push_back(std::make_unique<tcp_proxy>(ports_[to].number()));
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    std::filesystem::copy(ca.certificate, authority_of(i));
    must(security::make_node_certificate(home, certificate_for(ca, i)));
    nodes_.push_back(std::make_unique<real_node>(node_setup{
      section(i) + more, shards, static_cast<int>(i + 1), key, home / "tls"}));
  }
}

std::string real_cluster::section(std::size_t i) const {
  auto out =
    "[cluster]\naddress = \"127.0.0.1:" + std::to_string(ports_[i].number())
    + "\"\nca = " + quoted(authority_of(i)) + "\ncertificate = "
    + quoted(scratch_.path() / ("node-" + std::to_string(i + 1) + ".pem"))
    + "\nnodes = [";
  for (std::size_t to = 0; to < founders_; ++to) {
    auto port = to == i || i >= founders_ ? ports_[to].number()
                                          : wires_[i * founders_ + to]->port();
    out += '"' + std::to_string(to + 1) + "=127.0.0.1:" + std::to_string(port)
           + "\", ";
  }
  return out + "]\n";
}

void real_cluster::start(const std::vector<std::size_t>& order) {
  for (auto i : order)
    nodes_[i]->start();
}

void real_cluster::await(const std::string& what,
                         const std::function<bool()>& done) const {
  for (auto until = now() + enough; !done(); rest_between_looks())
    if (now() > until) {
      auto why = "waited in vain: " + what;
      for (const auto& x : nodes_)
        why += "\n--- a node's log:\n" + x->log();
      throw std::runtime_error(why);
    }
}

void real_cluster::await_ready() const {
  await("each node knows a leader of every shard", [this] {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& x) {
      return !x->running() || x->get("/readyz").status == 200;
    });
  });
}

shard_id real_cluster::home_of(const conversation_id& what) {
  return persistence::shard_of({persistence::actor_kind::conversation,
                                persistence::main_tenant,
                                std::string{what.bytes()}},
                               shards);
}

std::set<shard_id> real_cluster::shards_led_by(std::size_t i) const {
  std::set<shard_id> out;
  auto found = nodes_[i]->metrics();
  for (std::uint16_t shard = 0; shard < shards; ++shard)
    if (found["iris_shard_leader{shard=\"" + std::to_string(shard) + "\"}"]
        == 1)
      out.insert(shard_id{shard});
  return out;
}

int real_cluster::led_by(std::size_t i) const {
  return static_cast<int>(shards_led_by(i).size());
}

std::size_t real_cluster::busiest() const {
  auto out = count();
  auto most = -1;
  for (std::size_t i = 0; i < count(); ++i)
    if (nodes_[i]->running())
      if (auto led = led_by(i); led > most) {
        most = led;
        out = i;
      }
  return out;
}

std::filesystem::path real_cluster::authority_of(std::size_t i) const {
  return scratch_.path() / ("ca-" + std::to_string(i + 1) + ".pem");
}

void real_cluster::make_stranger(std::size_t i) {
  auto ca = must(security::make_cluster_ca(
    scratch_.path() / "foreign", cluster_name, system_clock().wall_now()));
  std::filesystem::copy(ca.certificate, authority_of(i),
                        std::filesystem::copy_options::overwrite_existing);
  must(
    security::rotate_node_certificate(scratch_.path(), certificate_for(ca, i)));
}

void real_cluster::isolate(std::size_t i) {
  for (std::size_t other = 0; other < founders_; ++other)
    if (other != i) {
      wire(i, other).cut();
      wire(other, i).cut();
    }
}

void real_cluster::rejoin(std::size_t i) {
  for (std::size_t other = 0; other < founders_; ++other)
    if (other != i) {
      wire(i, other).mend();
      wire(other, i).mend();
    }
}

std::vector<std::string>
real_cluster::urls(const std::string& transport) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < founders_; ++i)
    out.push_back(nodes_[i]->url(transport));
  return out;
}

std::shared_ptr<const client::tls_context> real_cluster::trust() const {
  return nodes_.front()->trust();
}

std::string real_cluster::token(const user_id& whom) const {
  return nodes_.front()->token(whom);
}

double real_cluster::connections() const {
  auto out = 0.0;
  for (const auto& x : nodes_)
    out += x->running() ? x->connections() : 0;
  return out;
}

} // namespace iris::process
