#include "config/options.hpp"

#include "base/ids.hpp"
#include "config/client_url.hpp"
#include "config/cluster_node.hpp"

#include <algorithm>
#include <array>

namespace iris::config {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kib = 1ULL << 10;
constexpr std::uint64_t mib = kib << 10;
constexpr std::uint64_t gib = mib << 10;
constexpr std::uint64_t tib = gib << 10;
constexpr auto day = 24h;

// Clusters are named as users are.
bool is_cluster_name(std::string_view x) {
  return static_cast<bool>(user_id::parse(x));
}

bool is_cluster_node(std::string_view x) {
  return cluster_node::parse(x).has_value();
}

template <class Enum>
constexpr std::uint64_t index(Enum x) {
  return static_cast<std::uint64_t>(x);
}

constexpr section all_sections[] = {
  {"node", "Who this node is, where it keeps its data, what it may use."},
  {"cluster", "The other nodes. Without an address this node is alone. "
              "docs/operating/cluster.md tells how to begin."},
  {"listen", "Where clients connect. A listener without an address is off."},
  {"tls", "The certificate that `listen.tls` and `listen.wss` show."},
  {"auth", "The tokens that clients log in with."},
  {"storage", "The store on disk. Every write is synced; nothing here changes "
              "that."},
  {"limits", "Bounds. A client that reaches one is told `overloaded` or "
             "`rate_limited`, and when to try again."},
  {"retention", "How long things are kept."},
  {"admin", "The administration interface: health, metrics and API."},
  {"log", "What the node tells about itself. It never holds message bodies."},
};

std::vector<option> node_options() {
  return {
    {IRIS_MEMBER(node.name), effect::fixed,
     text{"iris", is_cluster_name,
          "1 to 64 of the characters A-Z a-z 0-9 . _ - @ +"},
     "The name of the cluster. A store opens only under the name that it was "
     "created with."},
    {IRIS_MEMBER(node.id), effect::fixed,
     integer{.fallback = 1, .least = 1, .most = 4'294'967'295, .unit = {}},
     "The number of this node in its cluster. A number is never used again, "
     "not even after its node is gone."},
    {IRIS_MEMBER(node.data_dir), effect::restart, path{"./iris-data"},
     "The folder of the store. A relative path starts where the node was "
     "started."},
    {IRIS_MEMBER(node.shards), effect::fixed,
     integer{.fallback = 16, .least = 1, .most = 1024, .unit = "shards"},
     "Into how many shards users and conversations are divided. More shards "
     "spread over more nodes, and each costs a little memory and time."},
    {IRIS_MEMBER(node.threads), effect::restart,
     integer{.least = 1,
             .most = 256,
             .unit = "threads",
             .zero = "as many as there are cores"},
     "Threads that run actors and I/O."},
    {IRIS_MEMBER(node.drain_timeout), effect::reload,
     duration{.fallback = 10s, .least = 1s, .most = 10min},
     "How long a node that stops waits for its clients to leave."},
  };
}

std::vector<option> cluster_options() {
  return {
    {IRIS_MEMBER(cluster.address), effect::restart, address{},
     "Where the other nodes connect, by TLS 1.3 with certificates on both "
     "sides. It has no form without."},
    {IRIS_MEMBER(cluster.nodes), effect::restart,
     list{.fallback = {},
          .least = 0,
          .most = 64,
          .fits = is_cluster_node,
          .accepted = "nodes, each \"ID=HOST:PORT\" as the others reach it"},
     "The nodes that found the cluster, with `node.id` and the address of "
     "each: the same ones on every node, itself included. Once a node has its "
     "store, who founded the cluster stays; the addresses may change. A node "
     "whose `node.id` is not among them founds nothing: it joins later."},
    {IRIS_MEMBER(cluster.ca), effect::restart, path{.empty = "none"},
     "The authority of the cluster, in PEM, which signs nothing but its nodes. "
     "The three files are read again for each link."},
    {IRIS_MEMBER(cluster.certificate), effect::restart, path{.empty = "none"},
     "The certificate of this node, in PEM. `iris cert create-node` makes it."},
    {IRIS_MEMBER(cluster.key), effect::restart,
     path{.empty = "in the file of cluster.certificate"},
     "The private key of that certificate, in PEM."},
    {IRIS_MEMBER(cluster.dead_after), effect::restart,
     duration{.fallback = 10min, .least = 1min, .most = 7 * day},
     "For how long a node may be away before others get replicas of what it "
     "had, if there are enough. Which node counts may change: say the same on "
     "all."},
  };
}

std::vector<option> listen_options() {
  return {
    {IRIS_MEMBER(listen.tcp.address), effect::restart,
     address{"127.0.0.1:7300"},
     "Plain TCP. Other than on loopback it needs `listen.insecure`. Here and "
     "below, port 0 lets the system choose."},
    {IRIS_MEMBER(listen.tls.address), effect::restart, address{},
     "TCP with TLS 1.3."},
    {IRIS_MEMBER(listen.ws.address), effect::restart, address{},
     "Plain WebSocket. Other than on loopback it needs `listen.insecure`."},
    {IRIS_MEMBER(listen.wss.address), effect::restart, address{},
     "WebSocket with TLS 1.3."},
    {IRIS_MEMBER(listen.urls), effect::restart,
     list{.fallback = {},
          .least = 0,
          .most = client_urls_max,
          .fits = is_client_url,
          .accepted = "URLs of at most 255 bytes, each \"tls://HOST:PORT\" or "
                      "the same with wss, tcp or ws, with a host and a port "
                      "that a client can connect to"},
     "Where clients reach this node. The nodes of a cluster tell each other, "
     "and one that drains or stops tells its clients where they can go on. A "
     "client goes only where the scheme is one that it was configured with: "
     "list each that clients use."},
    {IRIS_MEMBER(listen.insecure), effect::restart, flag{},
     "Allows listeners without TLS to be reached from other machines: tokens "
     "and messages then cross the network in the clear. For a network that "
     "encrypts by itself, or behind a proxy that ends TLS."},
  };
}

std::vector<option> tls_options() {
  return {
    {IRIS_MEMBER(tls.certificate), effect::restart, path{.empty = "none"},
     "The certificate chain, in PEM, the node's own first. This file and that "
     "of `tls.key` are read again at reload."},
    {IRIS_MEMBER(tls.key), effect::restart, path{.empty = "none"},
     "The private key of the certificate, in PEM."},
    {IRIS_MEMBER(tls.generate), effect::restart, flag{},
     "Makes a certificate authority and a certificate in `node.data_dir` if "
     "they are not there yet. For trying things out: clients must be told to "
     "trust that authority."},
    {IRIS_MEMBER(tls.names), effect::restart,
     list{.fallback = {"localhost", "127.0.0.1"},
          .least = 1,
          .most = 64,
          .fits = is_host,
          .accepted = "host names or IP addresses"},
     "What the generated certificate is valid for."},
  };
}

std::vector<option> auth_and_storage_options() {
  return {
    {IRIS_MEMBER(auth.token_lifetime), effect::reload,
     duration{.fallback = 24h, .least = 1min, .most = 24h},
     "How long a token that this node issues is valid."},
    {IRIS_MEMBER(auth.key), effect::restart,
     path{.empty = "signing-key.json in node.data_dir"},
     "The file of the keys that sign tokens. It is made if it isn't there."},
    {IRIS_MEMBER(storage.reserve), effect::reload,
     size{.fallback = 1024 * mib, .least = 0, .most = 1024 * tib},
     "With less space than this free on its disk, the node refuses writes "
     "with `storage_full` and goes on reading. What it has acknowledged is "
     "delivered once there is room again. What is on its way by then has to "
     "fit: up to 32 MiB for each of `node.shards` (16 MiB in the log and in "
     "the state store each), and 512 MiB for tables that are rewritten and "
     "what comes between two looks, five times a second. The default is the "
     "sum for 16 shards; the log warns of less, at start and when a reload "
     "changes it. A write "
     "that finds no room stops its shard until a restart, and loses nothing."},
    {IRIS_MEMBER(storage.cache), effect::restart,
     size{.fallback = 64 * mib, .least = mib, .most = tib},
     "Memory for blocks of the store that were read lately. The files that it "
     "keeps open take about as much again: one for each 128 KiB of this, but "
     "64 to 1000."},
  };
}

std::vector<option> connection_limits() {
  return {
    {IRIS_MEMBER(limits.connections), effect::reload,
     integer{.fallback = 20'000,
             .least = 1,
             .most = 1'000'000,
             .unit = "connections"},
     "Clients connected to this node at the same time. Each takes a file "
     "descriptor: the node raises its soft limit of open files to the hard one "
     "by itself, keeps what its store and its threads need, and takes fewer "
     "clients where the rest is too little. It says so when it starts, with "
     "the limit that would do (`ulimit -n`, or `LimitNOFILE` of a systemd "
     "unit)."},
    {IRIS_MEMBER(limits.connections_per_user), effect::reload,
     integer{.fallback = 16, .least = 1, .most = 1024, .unit = "connections"},
     "Of these, how many one user may have. A device counts once: its newer "
     "connection replaces the older one. It matters if it is less than "
     "`limits.devices_per_user`: more devices may then be registered than "
     "connected."},
    {IRIS_MEMBER(limits.connections_per_ip), effect::reload,
     integer{
       .fallback = 4096, .least = 1, .most = 1'000'000, .unit = "connections"},
     "Of these, how many may come from one IP address. Many people can share "
     "one."},
    {IRIS_MEMBER(limits.output_bytes), effect::reload,
     size{.fallback = mib, .least = 128 * kib, .most = 64 * mib},
     "Bytes that wait to be sent on one connection, with 64 KiB for each "
     "request that waits for its answer. Above it the node stops reading from "
     "that client."},
    {IRIS_MEMBER(limits.handshake_timeout), effect::reload,
     duration{.fallback = 10s, .least = 1s, .most = 1min},
     "How long each step may take until a client is logged in: its `hello`, "
     "with the handshakes of TLS and WebSocket before it; its `auth`; the "
     "node's `ready`."},
    {IRIS_MEMBER(limits.idle_timeout), effect::reload,
     duration{.fallback = 1min, .least = 10s, .most = 10min},
     "How long a client may be silent before it counts as gone."},
    {IRIS_MEMBER(limits.sends_per_second), effect::reload,
     integer{
       .least = 1, .most = 1'000'000, .unit = "messages", .zero = "no limit"},
     "Messages and changes of groups that one connection may send in a second, "
     "on average; it may save up one second's worth."},
  };
}

std::vector<option> actor_limits() {
  return {
    {IRIS_MEMBER(limits.devices_per_user), effect::restart,
     integer{.fallback = 8, .least = 1, .most = 64, .unit = "devices"},
     "Devices that one user may have registered."},
    {IRIS_MEMBER(limits.group_members), effect::restart,
     integer{.fallback = 1000, .least = 2, .most = 1000, .unit = "members"},
     "Members that one conversation may have."},
    {IRIS_MEMBER(limits.mailbox), effect::restart,
     integer{
       .fallback = 1024, .least = 16, .most = 1'048'576, .unit = "messages"},
     "Messages that may wait for one actor."},
  };
}

std::vector<option> other_options() {
  return {
    {IRIS_MEMBER(retention.messages), effect::restart,
     duration{.least = 1h, .most = 3650 * day, .zero = "for ever"},
     "How long messages are kept, read or not: in the history, and in "
     "inboxes. What all of a user's devices have acknowledged leaves the "
     "inbox sooner, whatever this says."},
    {IRIS_MEMBER(retention.idempotency), effect::restart,
     duration{.fallback = 7 * day, .least = 1h, .most = 30 * day},
     "How long a retried send gets the answer of the first one. A client that "
     "was offline for longer is told `id_too_old`."},
    {IRIS_MEMBER(retention.sweep), effect::restart,
     duration{.fallback = 10min, .least = 1s, .most = day},
     "The time between two searches for what need not be kept any longer."},
    {IRIS_MEMBER(admin.address), effect::restart, address{"127.0.0.1:7380"},
     "Plain HTTP. Other than on loopback it needs `listen.insecure`."},
    {IRIS_MEMBER(log.level), effect::reload,
     choice{index(log_level::info), {"debug", "info", "warn", "error"}},
     "The least important lines that are written. `info` tells of starts, "
     "reloads and stops; `debug` also follows each message, by its id "
     "(`msg`) and trace: `message committed`, `message taken for an inbox`, "
     "`message acknowledged` or `message refused`; and tells who was refused "
     "before the login."},
    {IRIS_MEMBER(log.format), effect::restart,
     choice{index(log_format::text), {"text", "json"}},
     "Lines for people, or one JSON object a line for programs."},
    {IRIS_MEMBER(log.file), effect::restart, path{.empty = "standard error"},
     "Where the lines go. The file is opened again at SIGHUP, for whoever "
     "renames it."},
  };
}

std::vector<option> all_options() {
  std::vector<option> all;
  for (const auto& part :
       {node_options(), cluster_options(), listen_options(), tls_options(),
        auth_and_storage_options(), connection_limits(), actor_limits(),
        other_options()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Whether `name` lies below `section`, or `section` is "".
bool is_below(std::string_view name, std::string_view section) {
  return section.empty()
         || (name.size() > section.size() && name.starts_with(section)
             && name[section.size()] == '.');
}

} // namespace

std::span<const section> sections() {
  return all_sections;
}

std::span<const option> options() {
  static const auto all = all_options();
  return all;
}

const option* find_option(std::string_view name) {
  auto all = options();
  auto i = std::find_if(all.begin(), all.end(),
                        [=](const option& x) { return x.name() == name; });
  return i == all.end() ? nullptr : &*i;
}

bool is_section(std::string_view name) {
  auto all = options();
  return !name.empty()
         && std::any_of(all.begin(), all.end(), [=](const option& x) {
              return is_below(x.name(), name);
            });
}

std::vector<std::string_view> keys_in(std::string_view section) {
  std::vector<std::string_view> keys;
  for (const auto& x : options()) {
    if (!is_below(x.name(), section))
      continue;
    auto rest = x.name().substr(section.empty() ? 0 : section.size() + 1);
    auto key = rest.substr(0, rest.find('.'));
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      keys.push_back(key);
  }
  return keys;
}

} // namespace iris::config
