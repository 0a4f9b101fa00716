#pragma once

#include "config/endpoint.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace iris::config {

struct node_settings {
  std::string name;
  std::uint32_t id = 0;
  std::filesystem::path data_dir;
  std::uint32_t shards = 0;
  std::uint32_t threads = 0;
  std::chrono::milliseconds drain_timeout{};
};

struct cluster_settings {
  endpoint address;
  std::vector<std::string> nodes; ///< see cluster_node
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::chrono::milliseconds dead_after{};
};

struct listener_settings {
  endpoint address;
};

struct listen_settings {
  listener_settings tcp;
  listener_settings tls;
  listener_settings ws;
  listener_settings wss;
  std::vector<std::string> urls; ///< see is_client_url
  bool insecure = false;
};

struct tls_settings {
  std::filesystem::path certificate;
  std::filesystem::path key;
  bool generate = false;
  std::vector<std::string> names;
};

struct auth_settings {
  std::chrono::milliseconds token_lifetime{};
  std::filesystem::path key;
};

struct storage_settings {
  std::uint64_t reserve = 0;
  std::uint64_t cache = 0;
};

struct limits_settings {
  std::uint32_t connections = 0;
  std::uint32_t connections_per_user = 0;
  std::uint32_t connections_per_ip = 0;
  std::uint32_t devices_per_user = 0;
  std::uint32_t mailbox = 0;
  std::uint32_t group_members = 0;
  std::uint64_t output_bytes = 0;
  std::chrono::milliseconds handshake_timeout{};
  std::chrono::milliseconds idle_timeout{};
  std::uint32_t sends_per_second = 0;
};

struct retention_settings {
  std::chrono::milliseconds messages{};
  std::chrono::milliseconds idempotency{};
  std::chrono::milliseconds sweep{};
};

struct admin_settings {
  endpoint address;
};

enum class log_level { debug, info, warn, error };
enum class log_format { text, json };

struct log_settings {
  log_level level{};
  log_format format{};
  std::filesystem::path file;
};

/// The configuration of a node. What a member means, its default and its range
/// are said once, in options.cpp. Get one from `defaults()`, `parse()` or
/// `load()`: one that was merely constructed is all zeros, out of range.
/// Sizes are in bytes. A plain value: copy it to whoever needs it.
struct settings {
  node_settings node;
  cluster_settings cluster;
  listen_settings listen;
  tls_settings tls;
  auth_settings auth;
  storage_settings storage;
  limits_settings limits;
  retention_settings retention;
  admin_settings admin;
  log_settings log;
};

/// Every option at its default.
settings defaults();

/// Where the signing keys are: `auth.key`, or its place in the data folder.
std::filesystem::path signing_key_path(const settings& x);

/// `node.threads`, or the number of cores. At least 1.
std::uint32_t thread_count(const settings& x);

} // namespace iris::config
