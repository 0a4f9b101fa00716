#include "config/client_url.hpp"

#include "config/endpoint.hpp"

#include <algorithm>

namespace iris::config {

namespace {

struct scheme {
  std::string_view prefix;
  bool has_path;
};

constexpr scheme schemes[] = {
  {"tcp://", false}, {"tls://", false}, {"ws://", true}, {"wss://", true}};

bool is_path(std::string_view x) {
  return std::all_of(x.begin(), x.end(),
                     [](char c) { return c > ' ' && c < 0x7f; });
}

} // namespace

bool is_client_url(std::string_view text) {
  auto found =
    std::find_if(std::begin(schemes), std::end(schemes),
                 [=](const scheme& x) { return text.starts_with(x.prefix); });
  if (found == std::end(schemes) || text.size() > client_url_bytes_max)
    return false;
  auto rest = text.substr(found->prefix.size());
  auto place = rest.substr(0, rest.find('/'));
  auto path = rest.substr(place.size());
  auto at = endpoint::parse(place);
  return at && !at->off() && !at->wildcard() && at->port != 0
         && (path.empty() || (found->has_path && is_path(path)));
}

} // namespace iris::config
