#include "apps/server.hpp"
#include "config/cluster_node.hpp"
#include "observability/format.hpp"

#include <nlohmann/json.hpp>

namespace iris::apps {

namespace {

using observability::literal;
using observability::public_text;

/// How often the files are read again: a node's own certificate is replaced
/// without telling it.
constexpr std::chrono::minutes certificate_check{1};

/// Until when links can be made with these files.
result<std::pair<timestamp, timestamp>>
ends_of(const config::cluster_settings& files) {
  auto own = security::read_certificate(files.certificate);
  if (!own)
    return own.failure();
  auto ca = security::read_issuer(files.ca, own->get());
  if (!ca)
    return ca.failure();
  return std::pair{security::last_moment(own->get()),
                   security::last_moment(ca->get())};
}

} // namespace

void server::watch_certificates() {
  if (auto tls = tls_.load())
    note_end("edge",
             security::last_moment(SSL_CTX_get0_certificate(tls.get())));
  if (!settings_.cluster.address.off()) {
    if (auto ends = ends_of(settings_.cluster)) {
      note_end("cluster", ends->first);
      note_end("cluster_ca", ends->second);
    } else if (expiry_.due("files", {}, system_clock().wall_now())) {
      log_.warn("the cluster's certificates can't be read",
                {{"problem", ends.failure()}});
    }
  }
  reader_thread_.after(certificate_check, [this] { watch_certificates(); });
}

void server::note_end(const std::string& certificate, timestamp end) {
  metrics_.certificate_expires.with(certificate).set(end.ms / 1000);
  auto now = system_clock().wall_now();
  if (!expiry_.due(certificate, end, now))
    return;
  constexpr literal ended{"a certificate has ended"};
  constexpr literal ending{"a certificate ends soon"};
  log_.warn(end < now ? ended : ending,
            {{"certificate", public_text{certificate}},
             {"ends", public_text{observability::iso8601(end)}},
             {"days_left", days_left(end, now)}});
}

void server::describe_certificates(nlohmann::json& out) const {
  auto now = system_clock().wall_now();
  auto all = nlohmann::json::array();
  metrics_.certificate_expires.each(
    [&](std::string_view name, const observability::gauge& x) {
      timestamp end{x.value() * 1000};
      all.push_back({{"certificate", name},
                     {"ends", observability::iso8601(end)},
                     {"days_left", days_left(end, now)}});
    });
  if (!all.empty())
    out["certificates"] = std::move(all);
}

} // namespace iris::apps
