#include "apps/cli/command.hpp"
#include "apps/cli/item_text.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/typed_id.hpp"
#include "base/clock.hpp"
#include "config/units.hpp"
#include "security/cluster_certificates.hpp"

namespace iris::cli {

namespace {

struct cert_options {
  std::string cluster;
  std::uint64_t node = 0;
  std::string ca = ".";
  std::string folder = ".";
  std::string lifetime = "825d";
};

constexpr std::uint64_t node_max = 4'294'967'295;
constexpr std::chrono::hours lifetime_max{3650 * 24};

/// What the certificate in a file says of its end.
result<timestamp> end_of(const std::filesystem::path& file) {
  auto certificate = security::read_certificate(file);
  if (!certificate)
    return certificate.failure();
  return security::last_moment(certificate->get());
}

std::string remedy(const error& why) {
  if (why.code == errc::already_exists)
    return "name another folder; what is there is in use by a cluster, unless "
           "you know better: then move it away";
  if (why.code == errc::not_found)
    return "name the folder with --ca or --dir; iris cert create-ca makes an "
           "authority, iris cert create-node a certificate";
  return {};
}

exit_code create_ca(const cert_options& options, const console& io) {
  auto failed = "can't make an authority for " + options.cluster;
  auto cluster = typed_id<user_id>("--cluster", options.cluster);
  if (!cluster)
    return io.fail(because(failed, cluster.failure()));
  auto made = security::make_cluster_ca(options.folder, options.cluster,
                                        system_clock().wall_now());
  if (!made)
    return io.fail(because(failed, made.failure(), remedy(made.failure())));
  auto end = end_of(made->certificate);
  if (!end)
    return io.fail(because(failed, end.failure()));
  if (io.json)
    io.out << to_line({{"ca", made->certificate.string()},
                       {"key", made->key.string()},
                       {"until_ms", end->ms}})
           << '\n';
  else
    io.out << made->certificate.string()
           << ": for every node, as cluster.ca; good until "
           << date_and_time(*end) << '\n'
           << made->key.string()
           << ": signs nodes; keep it safe, and on no node\n";
  io.out.flush();
  return exit_code::ok;
}

result<security::node_certificate> read(const cert_options& from) {
  auto cluster = typed_id<user_id>("--cluster", from.cluster);
  if (!cluster)
    return cluster.failure();
  auto lifetime = config::parse_duration(from.lifetime);
  if (!lifetime || *lifetime < std::chrono::hours{1}
      || *lifetime > lifetime_max)
    return error{errc::usage, "--lifetime: expected 1h to 3650d, like 90d, "
                              "found '"
                                + from.lifetime + "'"};
  std::filesystem::path ca = from.ca;
  return security::node_certificate{
    {ca / "cluster-ca.pem", ca / "cluster-ca.key"},
    from.cluster,
    {from.node},
    system_clock().wall_now(),
    std::chrono::duration_cast<std::chrono::hours>(*lifetime)};
}

using maker = result<security::cluster_files> (*)(
  const std::filesystem::path&, const security::node_certificate&);

exit_code certify(maker make, const cert_options& options, const console& io) {
  auto failed =
    "can't make a certificate for node " + std::to_string(options.node);
  auto what = read(options);
  if (!what)
    return io.fail(because(failed, what.failure()));
  auto made = make(options.folder, *what);
  if (!made)
    return io.fail(because(failed, made.failure(), remedy(made.failure())));
  auto end = end_of(made->certificate);
  if (!end)
    return io.fail(because(failed, end.failure()));
  auto name = security::node_name(options.cluster, what->node);
  if (io.json)
    io.out << to_line({{"certificate", made->certificate.string()},
                       {"ca", made->ca.string()},
                       {"name", name},
                       {"until_ms", end->ms}})
           << '\n';
  else
    io.out << made->certificate.string() << ": " << name
           << " with its key, for that node alone, as cluster.certificate; "
              "good until "
           << date_and_time(*end) << '\n';
  io.out.flush();
  return exit_code::ok;
}

exit_code create_node(const cert_options& options, const console& io) {
  return certify(security::make_node_certificate, options, io);
}

exit_code rotate(const cert_options& options, const console& io) {
  return certify(security::rotate_node_certificate, options, io);
}

void declare_cluster(CLI::App& command, cert_options& x) {
  command.add_option("--cluster", x.cluster, "The cluster's name, node.name")
    ->required();
}

void declare_node(CLI::App& command, cert_options& x) {
  declare_cluster(command, x);
  command.add_option("--node", x.node, "The node's number, node.id")
    ->required()
    ->check(whole(1, node_max));
  command
    .add_option("--ca", x.ca, "The folder of cluster-ca.pem and cluster-ca.key")
    ->capture_default_str();
  command
    .add_option("--dir", x.folder, "The folder of the certificate, node-N.pem")
    ->capture_default_str();
  command
    .add_option("--lifetime", x.lifetime,
                "How long it is good, from 1h to 3650d; it ends with the "
                "authority's at the latest")
    ->capture_default_str();
}

} // namespace

void add_cert(CLI::App& app, action& chosen) {
  auto cert = app.add_subcommand(
    "cert", "Certificates by which the nodes of a cluster know each other");
  cert->require_subcommand(1);
  add_command<cert_options>(
    *cert, chosen,
    {"create-ca", "Make the authority of a cluster, good for ten years"},
    [](CLI::App& command, cert_options& x) {
      declare_cluster(command, x);
      command.add_option("--dir", x.folder, "The folder to make it in")
        ->capture_default_str();
    },
    create_ca);
  add_command<cert_options>(
    *cert, chosen,
    {"create-node", "Make the certificate and the key of a node, in one file"},
    declare_node, create_node);
  add_command<cert_options>(
    *cert, chosen,
    {"rotate", "Replace a node's certificate and key by new ones, at once; a "
               "running node uses them for links that it makes from then on"},
    declare_node, rotate);
}

} // namespace iris::cli
