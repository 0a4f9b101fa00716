#include "apps/server.hpp"

#include "actors/controller.hpp"
#include "apps/readiness.hpp"
#include "observability/expose.hpp"
#include "persistence/directories.hpp"
#include "security/key_file.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace iris::apps {

namespace {

using namespace std::chrono_literals;
using observability::public_text;

/// What went wrong with an option, which has to be found to be changed.
error at(std::string_view option, error why) {
  why.context = std::string{option} + ": " + why.context;
  return why;
}

/// How often the free space of the disk is looked at.
constexpr auto disk_check = 200ms;
/// What a shard has taken on is written to the log and to the state store.
constexpr std::uint64_t reserve_per_shard = 2 * actors::taken_bytes_max;
/// For tables that the stores rewrite, and for what comes between two looks.
constexpr std::uint64_t reserve_for_stores = std::uint64_t{512} << 20;
constexpr auto tree_timeout = 3s;
/// The controller's answer comes before.
constexpr std::chrono::milliseconds admin_timeout =
  actors::control_desk::patience + 5s;
/// The log is read at start, and then by nobody.
constexpr std::size_t log_cache_bytes = 1024 * 1024;
/// For other nodes to take over what this one leads, and how often to look.
constexpr std::chrono::milliseconds hand_over_timeout = 2s;
constexpr auto hand_over_look = 20ms;
/// For connections to end that did not drain in time.
constexpr auto abort_timeout = 2s;

std::string audience_of(const config::settings& x) {
  return x.node.name;
}

result<std::shared_ptr<observability::log_sink>>
open_sink(const config::log_settings& from) {
  if (from.file.empty())
    return observability::stderr_sink();
  return observability::file_sink(from.file);
}

observability::log_options log_options(const config::settings& from) {
  observability::log_options out;
  out.level = static_cast<observability::log_level>(from.log.level);
  out.format = from.log.format == config::log_format::json
                 ? observability::log_format::json
                 : observability::log_format::text;
  out.node = {from.node.id};
  return out;
}

persistence::node_options store_options(const config::settings& from) {
  persistence::node_options out;
  out.state.cache_bytes = from.storage.cache;
  out.log.cache_bytes = log_cache_bytes;
  return out;
}

/// A new one is for nobody else on this machine: it holds the messages.
result<void> make_store_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0 || errno == EEXIST)
    return {};
  return error{errc::io_failed, "can't create " + path.string() + " ("
                                  + std::generic_category().message(errno)
                                  + "): expected a directory to write to"};
}

nlohmann::json to_json(const supervision::tree_node& from) {
  nlohmann::json out{{"name", from.name},
                     {"type", from.type},
                     {"state", from.state},
                     {"restarts", from.restarts},
                     {"count", from.count},
                     {"mailbox_depth", from.mailbox_depth},
                     {"mailbox_bound", from.mailbox_bound},
                     {"rejected", from.rejected},
                     {"last_fault", from.last_fault}};
  auto& children = out["children"] = nlohmann::json::array();
  for (const auto& x : from.children)
    children.push_back(to_json(x));
  return out;
}

} // namespace

server::server(const config::settings& from,
               std::shared_ptr<observability::log_sink> sink)
  : settings_(from), reloaded_(std::make_shared<const config::settings>(from)),
    sink_(std::move(sink)), log_(log_options(from), sink_, system_clock()),
    process_(system_clock()) {
  // The scheduler runs what is not on a unit of ours: next to nothing.
  caf_config_.set("scheduler.max-threads", size_t{1});
  caf_config_.set("scheduler.policy", caf::atom("sharing"));
  system_ = std::make_unique<caf::actor_system>(caf_config_);
  for (std::uint32_t i = 0; i < config::thread_count(from); ++i)
    threads_.push_back(std::make_unique<edge::io_thread>(*system_));
}

result<std::unique_ptr<server>> server::start(const config::settings& from) {
  auto files = share_descriptors(raise_descriptor_limit(),
                                 own_descriptors(from, store_options(from)));
  if (!files)
    return files.failure();
  auto sink = open_sink(from.log);
  if (!sink)
    return sink.failure();
  std::unique_ptr<server> out{new server(from, std::move(*sink))};
  out->descriptors_ = *files;
  out->metrics_.build_info.with(IRIS_VERSION).set(1);
  out->log_.info("starting",
                 {{"version", public_text{IRIS_VERSION}},
                  {"pid", ::getpid()},
                  {"data_dir", public_text{from.node.data_dir.native()}}});
  for (auto step : {&server::open_keys, &server::open_tls, &server::open_store,
                    &server::listen, &server::open_admin})
    if (auto ok = (out.get()->*step)(); !ok)
      return ok.failure();
  return out;
}

server::~server() {
  stop();
}

std::filesystem::path server::store_directory() const {
  return settings_.node.data_dir / "store";
}

std::vector<edge::io_thread*> server::threads() const {
  std::vector<edge::io_thread*> out;
  for (const auto& x : threads_)
    out.push_back(x.get());
  return out;
}

// -- starting -----------------------------------------------------------------

std::size_t server::connections_max(const config::settings& from) {
  auto wanted = static_cast<std::size_t>(from.limits.connections);
  auto fit = descriptors_.connections;
  if (wanted <= fit)
    return wanted;
  constexpr observability::literal remedy{
    "raise the limit of open files: ulimit -n, or LimitNOFILE of a systemd "
    "unit"};
  log_.warn(
    "too few open files are allowed for limits.connections",
    {{"wanted", wanted},
     {"connections", fit},
     {"open_files", descriptors_.limit},
     {"open_files_needed", descriptors_needed(descriptors_.own, wanted)},
     {"remedy", remedy}});
  return fit;
}

result<void> server::open_keys() {
  // Only a first start makes a key: losing it later must be noticed. Where it
  // is made comes first, so that a store is never in what could vanish.
  std::error_code ignored;
  auto first = !std::filesystem::exists(store_directory(), ignored);
  const auto& home = settings_.node.data_dir;
  if (first) {
    if (auto made = persistence::make_directories(home, disk_); !made)
      return at("node.data_dir", made.failure());
    if (!std::filesystem::is_directory(home, ignored))
      return error{errc::io_failed, "node.data_dir: " + home.string()
                                      + " is a file, expected a folder"};
  }
  auto path = config::signing_key_path(settings_);
  auto key = first ? security::load_or_create_signing_key(path)
                   : security::load_signing_key(path);
  if (!key)
    return at("auth.key", key.failure());
  verifier_ =
    std::make_unique<security::token_verifier>(audience_of(settings_));
  verifier_->add(key->public_part());
  issuer_ = std::make_unique<security::token_issuer>(audience_of(settings_),
                                                     std::move(*key));
  return {};
}

result<void> server::open_tls() {
  if (settings_.listen.tls.address.off() && settings_.listen.wss.address.off())
    return {};
  certificate_ = {{}, settings_.tls.certificate, settings_.tls.key};
  if (settings_.tls.generate) {
    auto made = security::make_self_signed(
      settings_.node.data_dir, settings_.tls.names, system_clock().wall_now());
    if (!made)
      return at("tls.generate", made.failure());
    certificate_ = std::move(*made);
  }
  return load_certificate();
}

actors::node_options server::node_options(const persistence::identity& self) {
  actors::node_options out;
  out.self = self;
  out.conversation.idempotency_window = settings_.retention.idempotency;
  out.conversation.retention = settings_.retention.messages;
  out.user.retention = settings_.retention.messages;
  out.conversation.members_max = settings_.limits.group_members;
  out.user.devices_max = settings_.limits.devices_per_user;
  out.connection = *connection_.load();
  out.connections_per_user = settings_.limits.connections_per_user;
  out.mailbox_max = settings_.limits.mailbox;
  out.sweep_every = settings_.retention.sweep;
  out.dead_after = settings_.cluster.dead_after;
  out.seed = entropy();
  return out;
}

result<void> server::open_store() {
  connection_ = connection_options(settings_);
  if (auto ok = make_store_directory(store_directory()); !ok)
    return ok;
  std::error_code ignored;
  auto known = std::filesystem::exists(store_directory() / "IDENTITY", ignored);
  auto how = store_options(settings_);
  how.others_have = [self = node_id{settings_.node.id}](const auto& log) {
    auto others = cluster::raft::others_vote(log, self);
    return others && *others;
  };
  auto store = persistence::node_store::open(store_directory().string(),
                                             new_identity(), disk_, how);
  if (!store)
    return store.failure();
  constexpr observability::literal opened{"store opened"};
  constexpr observability::literal made{"new store made"};
  log_.info(known ? opened : made,
            {{"directory", public_text{store_directory().native()}},
             {"shards", settings_.node.shards},
             {"torn_tail", store->log->tail_was_torn()}});
  if (auto ok = actors::check_map(*store->state, store->self.shards); !ok)
    return ok;
  auto first = founders(store->self);
  if (!first)
    return first.failure();
  if (!known)
    tell_founding(store->self);
  if (auto ok = open_links(*store); !ok)
    return ok;
  for (auto& x : threads_)
    x->start();
  auto options = node_options(store->self);
  options.founders = *std::move(first);
  actors::node_threads on{{}, log_thread_, state_thread_, reader_thread_};
  for (auto* x : threads())
    on.units.push_back(x);
  node_ = std::make_unique<actors::node>(
    options, std::move(*store), std::move(on),
    actors::node_services{system_clock(), metrics_, log_, links_.get(),
                          starts_->incarnation(), [this](const auto& map) {
                            std::lock_guard guard{linking_};
                            link_to(*map);
                            heed(*map);
                          }});
  start_links(options.self);
  check_reserve(settings_.storage.reserve);
  watch_disk();
  watch_certificates();
  return {};
}

result<void> server::listen() {
  gate_ = std::make_unique<edge::gate>(connections_max(settings_),
                                       settings_.limits.connections_per_ip,
                                       descriptors_.told);
  edge_ = std::make_unique<edge::edge_parts>(edge::edge_parts{
    threads(), node_->env(), *gate_, [this] { return connection_.load(); },
    [this] { return tls_.load(); }, [this] { return elsewhere(); }});
  const auto& from = settings_.listen;
  const std::pair<edge::transport, config::endpoint> all[] = {
    {edge::transport::tcp, from.tcp.address},
    {edge::transport::tls, from.tls.address},
    {edge::transport::ws, from.ws.address},
    {edge::transport::wss, from.wss.address}};
  for (const auto& [kind, address] : all) {
    if (address.off())
      continue;
    std::string name{edge::to_string(kind)};
    auto opened = edge::listener::open(kind, address, *edge_);
    if (!opened)
      return at("listen." + name + ".address", opened.failure());
    auto bound = address;
    bound.port = (*opened)->port();
    listeners_.emplace_back(name + "://" + bound.str(), *opened);
    (*opened)->start();
  }
  listening_ = true;
  reader_thread_.post([this] { heed(*node_->map()); });
  return {};
}

std::vector<std::string> server::addresses() const {
  std::vector<std::string> out;
  for (const auto& x : listeners_)
    out.push_back(x.first);
  if (admin_) {
    auto bound = settings_.admin.address;
    bound.port = admin_->port();
    out.push_back("http://" + bound.str());
  }
  return out;
}

/// A write that finds no room stops its shard until a restart.
void server::check_reserve(std::uint64_t reserve) {
  auto needed = settings_.node.shards * reserve_per_shard + reserve_for_stores;
  if (reserve < needed)
    log_.warn("storage.reserve is less than what may be on its way to the disk",
              {{"reserve", reserve}, {"needed", needed}});
}

void server::watch_disk() {
  auto free = disk_.free_bytes(settings_.node.data_dir.string());
  auto reserve = reloaded_.load()->storage.reserve;
  auto full = free < reserve;
  constexpr observability::literal filled{"the disk is full: refusing writes"};
  constexpr observability::literal freed{"the disk has room again"};
  if (full != (metrics_.storage_full.value() == 1))
    log_.warn(full ? filled : freed,
              {{"free_bytes", free}, {"reserve", reserve}});
  node_->storage_full(full);
  reader_thread_.after(disk_check, [this] { watch_disk(); });
}

// -- serving ------------------------------------------------------------------

result<actors::credentials> server::verify(std::string_view token,
                                           timestamp now) const {
  auto claims = verifier_->verify(token, now);
  if (!claims)
    return claims.failure();
  if (!claims->roles.contains(security::role::user))
    return error{errc::forbidden, "expected a token with the role user"};
  return actors::credentials{claims->user, claims->device, claims->expires_at};
}

result<std::string> server::issue(const admin::token_request& request) const {
  security::claims whom;
  whom.user = request.user;
  whom.device = request.device;
  auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(
    reloaded_.load()->auth.token_lifetime);
  return issuer_->issue(whom, request.lifetime.value_or(lifetime),
                        system_clock().wall_now());
}

result<void> server::authorize(std::string_view bearer) const {
  auto claims = verifier_->verify(bearer, system_clock().wall_now());
  if (!claims)
    return claims.failure();
  if (!claims->roles.contains(security::role::cluster_operator))
    return error{errc::forbidden, "expected a token with the role operator"};
  return {};
}

// -- the admin interface ------------------------------------------------------

result<void> server::open_admin() {
  admin::handlers to;
  to.metrics = [this] {
    process_.sample(metrics_);
    log_.sample(metrics_);
    metrics_.store_level0_files.set(node_->level0_files());
    metrics_.store_cache_bytes.set(
      static_cast<std::int64_t>(node_->cached_bytes()));
    return observability::expose(metrics_);
  };
  to.checks["founders"] = [this] { return founders_have_met(); };
  to.checks["shards"] = [this] { return all_shards_are_led(); };
  to.checks["replicas"] = [this] {
    return replicas_vote(metrics_, *node_->map(), {settings_.node.id});
  };
  to.checks["clients"] = [this] { return takes_clients(); };
  to.checks["disk"] = [this]() -> result<void> {
    if (metrics_.storage_full.value() != 0)
      return error{errc::storage_full, "expected more free space on the disk"};
    return {};
  };
  to.tree = [this](const admin::respond& respond) { describe_tree(respond); };
  to.status = [this](const admin::respond& respond) {
    respond(describe_status());
  };
  to.verify = [this](const admin::verify_request& x,
                     const admin::respond& respond) {
    node_->compare_all(
      x.number, [respond](const auto& found) { respond(describe(found)); });
  };
  to.repair = [this](const admin::repair_request& x,
                     const admin::respond& respond) {
    node_->repair(x.shard, [respond](const result<void>& begun) {
      if (begun)
        respond(std::string{"{}"});
      else
        respond(begun.failure());
    });
  };
  to.issue_token = [this](const admin::token_request& x) { return issue(x); };
  to.authorize = [this](std::string_view bearer) { return authorize(bearer); };
  serve_map(to);
  admin::server_options options;
  options.answer_timeout = admin_timeout;
  options.address = settings_.admin.address.host;
  options.port = settings_.admin.address.port;
  if (settings_.admin.address.off())
    return {};
  auto opened = admin::server::listen(admin_io_, options, std::move(to));
  if (!opened)
    return at("admin.address", opened.failure());
  admin_ = std::move(*opened);
  admin_thread_ = std::thread{[this] { admin_io_.run(); }};
  return {};
}

void server::describe_tree(const admin::respond& respond) {
  // The scheduler's one thread is for errands like this one.
  system_->spawn([root = node_->root(), respond](caf::event_based_actor* self) {
    self->request(root, tree_timeout, supervision::read_tree{})
      .then(
        [respond](const supervision::tree_node& found) {
          respond(to_json(found).dump());
        },
        [respond](const caf::error&) {
          respond(
            error{errc::deadline_exceeded, "the tree did not answer in time"});
        });
  });
}

std::string server::describe_status() const {
  nlohmann::json out{
    {"cluster", settings_.node.name},
    {"node", settings_.node.id},
    {"version", IRIS_VERSION},
    {"shards", settings_.node.shards},
    {"storage_full", metrics_.storage_full.value() != 0},
    {"users_active", metrics_.users_active.value()},
    {"conversations_active", metrics_.conversations_active.value()}};
  describe_map(out);
  describe_cluster(out);
  describe_certificates(out);
  auto& listening = out["listening"] = nlohmann::json::object();
  for (const auto& [address, x] : listeners_)
    listening[address] = x->connections();
  return out.dump();
}

// -- stopping -----------------------------------------------------------------

void server::abort_connections() {
  log_.warn("some connections did not end in time", {});
  for (auto& x : listeners_)
    x.second->abort();
  gate_->wait_until_empty(abort_timeout);
}

/// Who is asked next leads already when the connections are told to go.
void server::hand_over() {
  node_->hand_over();
  caf::scoped_actor self{*system_};
  for (auto left = hand_over_timeout; left > 0ms && !node_->handed_over();
       left -= hand_over_look)
    self->receive(caf::after(hand_over_look) >> [] {});
}

void server::stop() {
  if (stopped_.exchange(true))
    return;
  if (node_)
    hand_over();
  for (auto& x : listeners_) {
    x.second->stop();
    x.second->drain();
  }
  auto drain_timeout = reloaded_.load()->node.drain_timeout;
  if (gate_ && !gate_->wait_until_empty(drain_timeout))
    abort_connections();
  if (node_) {
    caf::scoped_actor self{*system_};
    self->monitor(node_->root());
    self->send(node_->root(), supervision::shut_down{});
    self->receive(
      [](const caf::down_msg&) {},
      caf::after(drain_timeout) >>
        [this] { log_.warn("some actors did not end in time", {}); });
  }
  close_links();
  if (admin_)
    admin_->stop();
  if (admin_thread_.joinable())
    admin_thread_.join();
  // Nobody is left to post anything: the log first, whose entries are applied.
  log_thread_.stop();
  state_thread_.stop();
  reader_thread_.stop();
  for (auto& x : threads_)
    x->stop();
  log_.info("stopped", {});
}

} // namespace iris::apps
