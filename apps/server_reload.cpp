#include "apps/server.hpp"

#include <algorithm>

namespace iris::apps {

namespace {

using observability::public_text;

observability::log_level level_of(config::log_level x) {
  return static_cast<observability::log_level>(x);
}

void tell(observability::logger& to, const config::change& what) {
  public_text option{what.what->name()};
  public_text before{what.before}, after{what.after};
  if (what.what->changes == config::effect::reload)
    return to.info("option changed",
                   {{"option", option}, {"before", before}, {"after", after}});
  to.warn("option not changed",
          {{"option", option},
           {"before", before},
           {"after", after},
           {"takes_effect", public_text{to_string(what.what->changes)}}});
}

} // namespace

std::shared_ptr<const actors::connection_options>
server::connection_options(const config::settings& from) const {
  actors::connection_options out;
  out.node = {from.node.id};
  out.output_bytes_max = from.limits.output_bytes;
  out.session.handshake_timeout = from.limits.handshake_timeout;
  out.session.idle_timeout = from.limits.idle_timeout;
  out.session.heartbeat = from.limits.idle_timeout * 2 / 5;
  out.session.sends_per_second = from.limits.sends_per_second;
  out.session.verify = [this](std::string_view token, timestamp now) {
    return verify(token, now);
  };
  return std::make_shared<const actors::connection_options>(std::move(out));
}

result<void> server::load_certificate() {
  auto made = security::server_context(certificate_.cert, certificate_.key);
  if (!made)
    return made.failure();
  tls_ = std::shared_ptr<SSL_CTX>{std::move(*made)};
  return {};
}

result<std::vector<config::change>>
server::reload(const config::settings& wanted) {
  // First what may fail.
  if (tls_.load())
    if (auto loaded = load_certificate(); !loaded)
      return loaded.failure();
  if (links_)
    log_.info("the cluster's certificates are read again for each link that "
              "is made",
              {});
  auto running = reloaded_.load();
  auto all = config::changes(*running, wanted);
  auto next = config::reloaded(*running, wanted);
  gate_->limit(connections_max(next), next.limits.connections_per_ip);
  node_->limit_connections_per_user(next.limits.connections_per_user);
  connection_ = connection_options(next);
  if (next.storage.reserve != running->storage.reserve)
    check_reserve(next.storage.reserve);
  // A log that gets quieter still says why.
  auto before = running->log.level, after = next.log.level;
  log_.set_level(level_of(std::min(before, after)));
  for (const auto& x : all)
    tell(log_, x);
  log_.set_level(level_of(after));
  reloaded_ = std::make_shared<const config::settings>(std::move(next));
  return all;
}

} // namespace iris::apps
