#include "tests/cluster/links/rig.hpp"

namespace iris::cluster::test {

void watcher::on_frame(node_id from, lane by, std::string bytes) {
  REQUIRE(all_.until([&] { return !stopped_; }));
  all_.change([&] { frames_[from].push_back({by, std::move(bytes)}); });
}

void watcher::on_link(node_id peer, bool up) {
  all_.change([&] { links_[peer] += up ? '+' : '-'; });
}

bool watcher::links_are(node_id peer, const std::string& changes) {
  all_.until([&] { return links_[peer].size() >= changes.size(); });
  return all_.ask([&] {
    auto found = links_[peer].substr(0, changes.size());
    CHECK(found == changes);
    return found == changes;
  });
}

bool watcher::frames_come(node_id from, std::size_t number) {
  return all_.until([&] { return frames_[from].size() >= number; });
}

std::vector<watcher::frame> watcher::frames(node_id from) {
  return all_.ask([&] { return frames_[from]; });
}

std::vector<std::string> watcher::frames(node_id from, lane by) {
  std::vector<std::string> out;
  for (auto& x : frames(from))
    if (x.by == by)
      out.push_back(x.bytes);
  return out;
}

void watcher::stop() {
  all_.change([&] { stopped_ = true; });
}

void watcher::resume() {
  all_.change([&] { stopped_ = false; });
}

bool log_lines::write(std::string_view line) noexcept {
  all_.change([&] { text_ += line; });
  return true;
}

bool log_lines::come(const std::string& with) {
  auto found = all_.until([&] { return text_.find(with) != text_.npos; });
  if (!found)
    all_.ask([&] {
      MESSAGE("expected \"" << with << "\" in:\n" << text_);
      return true;
    });
  return found;
}

std::size_t log_lines::count(const std::string& with) {
  return all_.ask([&] {
    std::size_t out = 0;
    for (auto at = text_.find(with); at != text_.npos;
         at = text_.find(with, at + 1))
      ++out;
    return out;
  });
}

link_options options_of(const node_setup& setup) {
  link_options out;
  out.cluster = setup.cluster;
  out.self = {setup.id, 1, setup.incarnation, setup.founding};
  out.self.shards = setup.shards;
  out.self.urls = setup.urls;
  out.listen = {"127.0.0.1", 0};
  out.files = setup.files;
  out.speaks = setup.speaks;
  out.heartbeat = setup.heartbeat;
  out.handshake_timeout = setup.handshake_timeout;
  out.close_timeout = setup.close_timeout;
  out.retry_first = std::chrono::milliseconds{10};
  out.retry_last = std::chrono::milliseconds{50};
  return out;
}

node::node(const node_setup& setup) : setup_(setup) {
  observability::log_options quiet;
  quiet.node = setup.id;
  quiet.queue_lines = 0;
  log_ = std::make_unique<observability::logger>(quiet, lines_, system_clock());
  auto admit = setup.admit;
  if (!admit)
    admit = [](const link_peer&) { return result<void>{}; };
  auto made = links::open(
    options_of(setup), {system_clock(), *log_, *metrics_, std::move(admit),
                        setup.id.value, setup.past, setup.mark, setup.renewed});
  REQUIRE_MESSAGE(made, (made ? "" : made.failure().context));
  links_ = *std::move(made);
}

void node::start(const std::vector<link_address>& peers) {
  links_->set_peers(peers);
  links_->start(*seen_);
}

void node::take(const std::filesystem::path& certificate) {
  auto next = setup_.files.certificate.string() + ".next";
  std::filesystem::copy_file(certificate, next);
  std::filesystem::rename(next, setup_.files.certificate);
}

authority::authority(std::string cluster) : cluster_(std::move(cluster)) {
  auto made =
    security::make_cluster_ca(dir_.path(), cluster_, system_clock().wall_now());
  REQUIRE(made);
  ca_ = *made;
}

security::node_certificate authority::certificate(node_id node) const {
  return {ca_, cluster_, node, system_clock().wall_now()};
}

link_files authority::files_of(node_id node) {
  auto file = dir_.path() / ("node-" + std::to_string(node.value) + ".pem");
  if (!std::filesystem::exists(file)) {
    auto made = security::make_node_certificate(dir_.path(), certificate(node));
    REQUIRE(made);
  }
  return {ca_.certificate, file, file};
}

std::filesystem::path authority::expired(node_id node) {
  auto what = certificate(node);
  what.now.ms -= std::int64_t{1000} * 86'400'000;
  auto made = security::make_node_certificate(dir_.path() / "old", what);
  REQUIRE_MESSAGE(made, (made ? "" : made.failure().context));
  return made->certificate;
}

void join(const std::vector<node*>& nodes) {
  std::vector<link_address> all;
  for (auto x : nodes)
    all.push_back(x->address());
  for (auto x : nodes)
    x->start(all);
}

} // namespace iris::cluster::test
