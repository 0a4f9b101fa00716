#include "apps/cli/config_files.hpp"

#include "config/cluster_node.hpp"

#include <filesystem>

namespace iris::cli {

namespace {

using std::filesystem::path;

std::filesystem::file_type type_of(const path& x) {
  std::error_code ignored;
  return std::filesystem::status(x, ignored).type();
}

bool is_missing(const path& x) {
  return type_of(x) == std::filesystem::file_type::not_found;
}

} // namespace

std::vector<config::problem>
wrong_files(const config::settings& x,
            const std::function<config::origin(std::string_view)>& where) {
  std::vector<config::problem> out;
  auto add = [&](const char* option, const path& file, const char* found,
                 const char* expected) {
    out.push_back({where(option),
                   option,
                   config::toml_string(file.string()) + found,
                   expected,
                   {}});
  };
  if (type_of(x.node.data_dir) == std::filesystem::file_type::regular)
    add("node.data_dir", x.node.data_dir, ", a file", "a folder, or none yet");
  auto secure = !x.listen.tls.address.off() || !x.listen.wss.address.off();
  if (secure && !x.tls.generate) {
    if (is_missing(x.tls.certificate))
      add("tls.certificate", x.tls.certificate, ", which is not there",
          "a file of certificates in PEM");
    if (is_missing(x.tls.key))
      add("tls.key", x.tls.key, ", which is not there",
          "a file of a key in PEM");
  }
  if (!x.cluster.address.off()) {
    if (is_missing(x.cluster.ca))
      add("cluster.ca", x.cluster.ca, ", which is not there",
          "the cluster's authority in PEM: iris cert create-ca");
    if (is_missing(x.cluster.certificate))
      add("cluster.certificate", x.cluster.certificate, ", which is not there",
          "the node's certificate in PEM: iris cert create-node");
    if (is_missing(config::cluster_key_path(x)) && !x.cluster.key.empty())
      add("cluster.key", x.cluster.key, ", which is not there",
          "a file of a key in PEM");
  }
  // Without a store the next start is the first, and makes it.
  auto started =
    type_of(x.node.data_dir / "store") == std::filesystem::file_type::directory;
  if (started && !x.auth.key.empty() && is_missing(x.auth.key))
    add("auth.key", x.auth.key, ", which is not there",
        "the key of the node whose store is in node.data_dir");
  if (auto folder = x.log.file.parent_path();
      !folder.empty() && is_missing(folder))
    add("log.file", x.log.file, ", in a folder that is not there",
        "a file in one that is");
  return out;
}

} // namespace iris::cli
