#pragma once

#include "actors/node.hpp"
#include "admin/server.hpp"
#include "apps/descriptors.hpp"
#include "apps/expiry.hpp"
#include "base/thread_executor.hpp"
#include "cluster/links/founding_gate.hpp"
#include "cluster/links/links.hpp"
#include "config/changes.hpp"
#include "edge/listener.hpp"
#include "observability/process.hpp"
#include "persistence/peer_memory.hpp"
#include "persistence/posix_disk.hpp"
#include "persistence/start_history.hpp"
#include "security/certificates.hpp"
#include "security/tls.hpp"
#include "security/tokens.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace iris::apps {

/// A whole node: the wiring between configuration, threads, store, actors,
/// listeners and the admin interface. One thread owns it.
class server {
public:
  /// Opens the store (made when there is none), then listens. Each failure
  /// says what was expected and what to do.
  static result<std::unique_ptr<server>> start(const config::settings& from);

  /// Drains first.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Tells clients to go elsewhere, waits until what they sent is answered, at
  /// most for node.drain_timeout, and ends all actors in order.
  void stop();

  /// Takes over what can be reloaded, limits for connections that come from
  /// now on, and reads the files of the certificate again. Returns all that
  /// differs from how it runs, and logs it; an option that is not
  /// effect::reload stays as it is. On failure nothing has changed. On the
  /// thread that owns this.
  result<std::vector<config::change>> reload(const config::settings& wanted);

  /// Goes on in a new file once log.file was renamed. Fails with io_failed,
  /// and goes on where it was. Any thread.
  result<void> reopen_log() { return sink_->reopen(); }

  observability::logger& log() noexcept { return log_; }
  /// Where it listens, for the line that says so; the port may have been 0.
  std::vector<std::string> addresses() const;

private:
  explicit server(const config::settings& from,
                  std::shared_ptr<observability::log_sink> sink);

  result<void> open_keys();
  result<void> open_tls();
  result<void> load_certificate();
  result<void> open_store();
  persistence::identity new_identity() const;
  result<std::vector<cluster::member>>
  founders(const persistence::identity& self);
  void tell_founding(const persistence::identity& self);
  std::string awaited(const cluster::links::status& of) const;
  result<void> open_links(const persistence::node_store& store);
  void link_to(const cluster::cluster_map& map);
  void start_links(const persistence::identity& self);
  void release_founder(node_id node);
  void close_links();
  result<void> listen();
  result<void> open_admin();
  std::size_t connections_max(const config::settings& from);
  void check_reserve(std::uint64_t reserve);
  void watch_disk();
  void watch_certificates();
  void note_end(const std::string& certificate, timestamp end);
  actors::node_options node_options(const persistence::identity& self);
  std::shared_ptr<const actors::connection_options>
  connection_options(const config::settings& from) const;
  result<actors::credentials> verify(std::string_view token,
                                     timestamp now) const;
  result<std::string> issue(const admin::token_request& request) const;
  result<void> authorize(std::string_view bearer) const;
  void describe_tree(const admin::respond& respond);
  std::string describe_status() const;
  void describe_cluster(nlohmann::json& out) const;
  void describe_certificates(nlohmann::json& out) const;
  static std::string describe(const actors::compared_shards& from);
  void describe_map(nlohmann::json& out) const;
  std::string describe_nodes() const;
  std::string describe_shards() const;
  void change_map(const admin::cluster_change& what,
                  const admin::respond& respond);
  void serve_map(admin::handlers& to);
  void heed(const cluster::cluster_map& map);
  std::vector<std::string> elsewhere() const;
  std::map<node_id, std::uint32_t> shards_by_leader() const;
  result<void> all_shards_are_led() const;
  result<void> founders_have_met() const;
  result<void> takes_clients() const;
  void abort_connections();
  void hand_over();
  std::filesystem::path store_directory() const;
  std::vector<edge::io_thread*> threads() const;

  const config::settings settings_; ///< as it was started
  std::atomic<std::shared_ptr<const config::settings>> reloaded_;
  std::atomic<std::shared_ptr<const actors::connection_options>> connection_;
  observability::metrics metrics_;
  const std::shared_ptr<observability::log_sink> sink_;
  observability::logger log_;
  observability::process_sampler process_;

  caf::actor_system_config caf_config_;
  std::unique_ptr<caf::actor_system> system_;
  std::vector<std::unique_ptr<edge::io_thread>> threads_;
  thread_executor log_thread_{"iris-log"};
  thread_executor state_thread_{"iris-state"};
  thread_executor reader_thread_{"iris-reader"};

  std::unique_ptr<security::token_issuer> issuer_;
  std::unique_ptr<security::token_verifier> verifier_;
  security::certificate_files certificate_;
  std::atomic<std::shared_ptr<SSL_CTX>> tls_;
  expiry_reminder expiry_; ///< reader thread, once it is started

  persistence::posix_disk disk_;
  descriptors descriptors_;
  std::unique_ptr<cluster::links> links_; ///< none: alone
  std::unique_ptr<actors::node> node_;
  std::unique_ptr<persistence::start_history> starts_;
  std::unique_ptr<persistence::peer_memory> peers_;
  /// Guards the next, and the order in which the links are told of maps.
  std::mutex linking_;
  std::unique_ptr<cluster::founding_gate> founding_; ///< none: alone
  /// Where the map had each node when it was first seen here.
  std::map<node_id, std::string> mapped_;
  std::vector<node_id> founders_; ///< none: joined later
  std::unique_ptr<edge::gate> gate_;
  std::unique_ptr<edge::edge_parts> edge_;
  std::vector<std::pair<std::string, std::shared_ptr<edge::listener>>>
    listeners_;
  boost::asio::io_context admin_io_{1};
  std::unique_ptr<admin::server> admin_;
  std::thread admin_thread_;
  std::atomic<bool> listening_{false}; ///< listeners_ stay as they are
  std::atomic<bool> stopped_{false};
  /// What clients were last told of this node; reader thread.
  cluster::node_state heeded_ = cluster::node_state::active;
};

} // namespace iris::apps
