#include "cluster/links/links.hpp"

#include "cluster/links/porter.hpp"
#include "cluster/links/refusals.hpp"
#include "security/node_proof.hpp"
#include "security/tls_floor.hpp"

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

namespace iris::cluster {

namespace {

struct configuration : caf::actor_system_config {
  explicit configuration(const link_files& files) {
    openssl_cafile = files.ca.string();
    openssl_certificate = files.certificate.string();
    openssl_key = files.key.string();
    // One thread for the porter; links have threads of their own. Sharing
    // wakes it sooner than stealing.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{1});
    // Messages are read on the I/O thread: with a worker they change threads
    // once more.
    set("middleman.workers", std::size_t{0});
    add_link_messages(*this);
    load<caf::io::middleman>();
    load<caf::openssl::manager>();
  }
};

/// With no certificate CAF would connect anonymously; with one that the others
/// refuse it would try for ever.
result<void> check_certificate(const link_options& with, const clock& time) {
  auto proof = security::prove_node(with.files, "");
  if (!proof)
    return proof.failure();
  auto who = security::proven_node(
    {with.files.ca, with.cluster, time.wall_now()}, *proof, "");
  auto file = with.files.certificate.string();
  if (!who)
    return error{who.failure().code,
                 "can't use " + file + ": " + who.failure().context};
  if (*who == with.self.node)
    return {};
  return error{errc::config_invalid, file + " is the certificate of node "
                                       + std::to_string(who->value)
                                       + ": expected that of node "
                                       + std::to_string(with.self.node.value)};
}

} // namespace

class links::system {
public:
  system(link_options options, parts with)
    : options_(std::move(options)), with_(std::move(with)),
      config_(options_.files),
      caf_(std::make_unique<caf::actor_system>(config_)),
      env_{options_, with_, sockets_, peers_, basp_broker(*caf_)},
      porter_(caf_->spawn<porter>(env_, with_.seed)) {
    // nop
  }

  void listen(socket_fd at) {
    port_ = port_of(at.get());
    auto door = make_doorman(*caf_, std::move(at), sockets_,
                             [this](const connection& x) { on_refused(x); });
    caf::anon_send(env_.broker, caf::publish_atom::value, std::move(door),
                   port_, caf::actor_cast<caf::strong_actor_ptr>(porter_),
                   std::set<std::string>{});
  }

  void start(receiver& to) {
    env_.to = &to;
    tell_porter();
  }

  void set_peers(const std::vector<link_address>& peers) {
    peers_.assign(peers, options_);
    tell_porter();
  }

  bool close();

  bool send(node_id to, lane by, std::string frame) {
    auto peer = peers_.find(to);
    if (peer && peer->out().push(by, std::move(frame)))
      return true;
    with_.metrics.link_frames_refused.with(to_string(by)).add();
    return false;
  }

  std::uint16_t port() const noexcept { return port_; }
  const roster& peers() const noexcept { return peers_; }

private:
  bool end_all();

  void tell_porter() {
    std::lock_guard guard{mutex_};
    if (porter_)
      caf::anon_send(porter_, reconcile{});
  }

  void on_refused(const connection& stranger);

  const link_options options_;
  const parts with_;
  roster peers_;
  connections sockets_;
  configuration config_;
  std::unique_ptr<caf::actor_system> caf_;
  link_environment env_;
  std::mutex mutex_;
  caf::actor porter_;
  caf::actor closing_; ///< the porter, from the first close on
  std::uint16_t port_ = 0;
  refusals refusals_; ///< I/O thread
};

bool links::system::close() {
  {
    std::lock_guard guard{mutex_};
    if (porter_)
      closing_.swap(porter_);
  }
  if (!closing_)
    return true;
  if (!end_all())
    return false;
  closing_ = nullptr;
  env_.broker = nullptr;
  // CAF would wait for the peers to close their ends.
  sockets_.close();
  caf_.reset();
  return true;
}

bool links::system::end_all() {
  caf::scoped_actor self{*caf_};
  auto ended = false;
  self->request(closing_, options_.close_timeout, end_links{})
    .receive([&] { ended = true; }, [](const caf::error&) {});
  if (ended)
    self->send_exit(closing_, caf::exit_reason::kill);
  else
    with_.log.error("a link's thread hangs, as on a disk", {});
  return ended;
}

void links::system::on_refused(const connection& stranger) {
  with_.metrics.links_refused.with("connection").add();
  auto reason = stranger.failure();
  if (reason.empty())
    reason = "it said nothing";
  if (auto unsaid = refusals_.say(reason, with_.time.steady_now()))
    with_.log.warn(
      "a connection to the links' port was refused",
      {{"address", observability::public_text{stranger.peer().str()}},
       {"reason", observability::public_text{reason}},
       {"unsaid", *unsaid}});
}

result<std::unique_ptr<links>> links::open(link_options options, parts with) {
  if (auto good = check_certificate(options, with.time); !good)
    return good.failure();
  if (auto good = security::require_tls13(); !good)
    return good.failure();
  auto at = listen_on(options.listen);
  if (!at)
    return at.failure();
  auto made = std::make_unique<system>(std::move(options), std::move(with));
  made->listen(*std::move(at));
  return std::unique_ptr<links>{new links{std::move(made)}};
}

links::links(std::unique_ptr<system> made) : system_(std::move(made)) {
  // nop
}

links::~links() {
  if (!close())
    static_cast<void>(system_.release());
}

std::uint16_t links::port() const noexcept {
  return system_->port();
}

void links::set_peers(std::vector<link_address> peers) {
  system_->set_peers(peers);
}

void links::start(receiver& to) {
  system_->start(to);
}

bool links::close() {
  return system_->close();
}

bool links::send(node_id to, lane by, std::string frame) {
  return system_->send(to, by, std::move(frame));
}

std::vector<links::status> links::describe() const {
  std::vector<status> out;
  for (auto& x : system_->peers().all())
    if (x->address())
      out.push_back(x->describe());
  return out;
}

} // namespace iris::cluster
