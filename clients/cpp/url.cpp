#include "clients/cpp/url.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace iris::client {

namespace {

error refusal(std::string_view text) {
  return {errc::bad_field, "expected tcp://host:port, tls://host:port, "
                           "ws://host:port/path or wss://host:port/path, found "
                             + std::string{text}};
}

bool is_port(std::string_view x) {
  std::uint16_t n = 0;
  auto [end, failed] = std::from_chars(x.data(), x.data() + x.size(), n);
  return failed == std::errc{} && end == x.data() + x.size() && n > 0;
}

bool is_host(std::string_view x) {
  return !x.empty() && std::all_of(x.begin(), x.end(), [](char c) {
    return c > ' ' && c < 0x7f
           && std::string_view{"[]@/?#"}.find(c) == std::string_view::npos;
  });
}

bool is_path(std::string_view x) {
  return std::all_of(x.begin(), x.end(),
                     [](char c) { return c > ' ' && c < 0x7f; });
}

/// The scheme off the front of `rest`.
std::optional<url> take_scheme(std::string_view& rest) {
  struct scheme {
    std::string_view prefix;
    bool secure;
    bool websocket;
  };
  constexpr scheme schemes[] = {{"tcp://", false, false},
                                {"tls://", true, false},
                                {"ws://", false, true},
                                {"wss://", true, true}};
  for (const auto& x : schemes) {
    if (!rest.starts_with(x.prefix))
      continue;
    rest.remove_prefix(x.prefix.size());
    url out;
    out.secure = x.secure;
    out.websocket = x.websocket;
    return out;
  }
  return std::nullopt;
}

} // namespace

result<url> url::parse(std::string_view text) {
  auto rest = text;
  auto out = take_scheme(rest);
  if (!out)
    return refusal(text);
  auto slash = std::min(rest.find('/'), rest.size());
  auto path = rest.substr(slash);
  auto place = rest.substr(0, slash);
  auto colon = place.rfind(':');
  if (colon == std::string_view::npos || !is_port(place.substr(colon + 1)))
    return refusal(text);
  auto host = place.substr(0, colon);
  auto bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return refusal(text);
  if (!is_host(host) || !is_path(path) || (!path.empty() && !out->websocket))
    return refusal(text);
  out->host = host;
  out->port = place.substr(colon + 1);
  if (!path.empty())
    out->path = path;
  return *std::move(out);
}

} // namespace iris::client
