#include "cluster/raft/configuration.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace iris::cluster::raft {

namespace {

constexpr char format = 1;

void put(std::string& out, std::uint64_t x) {
  for (int i = 0; i < 8; ++i)
    out += static_cast<char>(x >> (8 * i));
}

std::uint64_t take(std::string_view& in) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i)
    out |= std::uint64_t{static_cast<std::uint8_t>(in[i])} << (8 * i);
  in.remove_prefix(8);
  return out;
}

/// As many servers as there are, whatever they are.
configuration take_servers(std::string_view in) {
  configuration out;
  while (in.size() > 8 && out.size() <= servers_max) {
    node_id id{take(in)};
    auto end = in.find('\0');
    if (end == std::string_view::npos || end + 1 >= in.size())
      break;
    out.push_back({id, static_cast<server_role>(in[end + 1])});
    in.remove_prefix(end + 2);
  }
  return out;
}

struct decoded {
  configuration servers;
  std::uint64_t revision = 0;
};

result<decoded> read(std::string_view in) {
  error damaged{errc::corrupt, "expected the configuration of a group"};
  if (in.size() < 9 || in.front() != format)
    return damaged;
  auto rest = in.substr(1);
  auto count = take(rest);
  decoded out{take_servers(rest)};
  // What is behind them may look like the beginning of one more.
  if (count > out.servers.size())
    return damaged;
  out.servers.resize(count);
  if (!well_formed(out.servers))
    return damaged;
  if (in.size() == encode(out.servers).size() + 8) {
    auto end = in.substr(in.size() - 8);
    out.revision = take(end);
  }
  if (encode(out.servers, out.revision) != in)
    return damaged;
  return out;
}

} // namespace

bool well_formed(const configuration& what) noexcept {
  std::uint64_t before = 0;
  for (const auto& x : what) {
    if (x.id.value <= before || x.role > server_role::spare)
      return false;
    before = x.id.value;
  }
  return !what.empty() && what.size() <= servers_max;
}

std::string encode(const configuration& in, std::uint64_t revision) {
  IRIS_ASSERT(well_formed(in));
  std::string out(1, format);
  put(out, in.size());
  for (const auto& x : in) {
    put(out, x.id.value);
    out += std::to_string(x.id.value);
    out += '\0';
    out += static_cast<char>(x.role);
  }
  out.resize((out.size() + 7) / 8 * 8);
  if (revision != 0)
    put(out, revision);
  return out;
}

result<configuration> decode_configuration(std::string_view in) {
  auto out = read(in);
  if (!out)
    return out.failure();
  return std::move(out->servers);
}

std::uint64_t revision_of(std::string_view in) {
  auto out = read(in);
  return out ? out->revision : 0;
}

result<configuration> latest_in(const persistence::loaded_log& log) {
  std::string_view latest = log.floor.configuration;
  for (const auto& x : log.entries)
    if (is(x, entry_type::configuration))
      latest = *x.payload;
  return latest.empty() ? configuration{} : decode_configuration(latest);
}

result<bool> others_vote(const persistence::loaded_log& log, node_id self) {
  auto servers = latest_in(log);
  if (!servers)
    return servers.failure();
  return std::any_of(servers->begin(), servers->end(), [self](const server& x) {
    return x.id != self && x.role == server_role::voter;
  });
}

const server* find(const configuration& in, node_id id) noexcept {
  auto found = std::find_if(in.begin(), in.end(),
                            [&](const server& x) { return x.id == id; });
  return found == in.end() ? nullptr : &*found;
}

bool votes(const configuration& in, node_id id) noexcept {
  const auto* found = find(in, id);
  return found != nullptr && found->role == server_role::voter;
}

std::size_t voters(const configuration& in) noexcept {
  return static_cast<std::size_t>(
    std::count_if(in.begin(), in.end(), [](const server& x) {
      return x.role == server_role::voter;
    }));
}

} // namespace iris::cluster::raft
