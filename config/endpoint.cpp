#include "config/endpoint.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>

namespace iris::config {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::optional<in_addr> ipv4(std::string_view text) {
  in_addr address{};
  // inet_pton stops at a NUL, which would hide what follows it.
  if (text.find('\0') != text.npos
      || inet_pton(AF_INET, std::string{text}.c_str(), &address) != 1)
    return std::nullopt;
  return address;
}

std::optional<in6_addr> ipv6(std::string_view text) {
  in6_addr address{};
  if (text.find('\0') != text.npos
      || inet_pton(AF_INET6, std::string{text}.c_str(), &address) != 1)
    return std::nullopt;
  return address;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-'
         && text.back() != '-'
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > 253)
    return false;
  for (;;) {
    auto label = text.substr(0, text.find('.'));
    if (!is_label(label))
      return false;
    // A last label of digits makes it a mistyped IPv4 address.
    if (label.size() == text.size())
      return !std::all_of(label.begin(), label.end(), is_digit);
    text.remove_prefix(label.size() + 1);
  }
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  auto end = text.data() + text.size();
  auto [stop, failure] = std::from_chars(text.data(), end, port);
  if (text.empty() || failure != std::errc{} || stop != end)
    return std::nullopt;
  return port;
}

} // namespace

bool is_host(std::string_view text) {
  return ipv4(text) || ipv6(text) || is_dns_name(text);
}

bool endpoint::loopback() const {
  if (auto address = ipv4(host))
    return ntohl(address->s_addr) >> 24 == 127;
  if (auto address = ipv6(host))
    return IN6_IS_ADDR_LOOPBACK(&*address) != 0;
  return host == "localhost";
}

bool endpoint::wildcard() const {
  if (auto address = ipv4(host))
    return address->s_addr == INADDR_ANY;
  if (auto address = ipv6(host))
    return IN6_IS_ADDR_UNSPECIFIED(&*address) != 0;
  return false;
}

bool endpoint::clashes_with(const endpoint& other) const {
  return !off() && !other.off() && port != 0 && port == other.port
         && (host == other.host || wildcard() || other.wildcard());
}

std::string endpoint::str() const {
  if (off())
    return {};
  auto bracketed = host.find(':') != host.npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<endpoint> endpoint::parse(std::string_view text) {
  if (text.empty())
    return endpoint{};
  auto colon = text.rfind(':');
  if (colon == text.npos)
    return std::nullopt;
  auto host = text.substr(0, colon);
  auto port = port_of(text.substr(colon + 1));
  auto bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  auto good = bracketed ? ipv6(host).has_value()
                        : ipv4(host).has_value() || is_dns_name(host);
  if (!good || !port)
    return std::nullopt;
  return endpoint{std::string{host}, *port};
}

} // namespace iris::config
