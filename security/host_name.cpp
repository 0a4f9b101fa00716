#include "security/host_name.hpp"

#include "security/openssl.hpp"

#include <algorithm>
#include <string_view>

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace iris::security {

namespace {

constexpr std::size_t name_bytes_max = 253;
constexpr std::size_t label_bytes_max = 63;

bool is_label(std::string_view text) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= label_bytes_max && text.front() != '-'
         && text.back() != '-' && std::ranges::all_of(text, allowed);
}

bool is_dns_name(std::string_view text) {
  if (text.size() > name_bytes_max)
    return false;
  if (text.starts_with("*."))
    text.remove_prefix(2);
  while (true) {
    auto dot = text.find('.');
    if (!is_label(text.substr(0, dot)))
      return false;
    if (dot == text.npos)
      return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_address(const std::string& text) {
  if (text.find_first_not_of("0123456789abcdefABCDEF:.") != text.npos)
    return false;
  openssl_ptr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> address{
    a2i_IPADDRESS(text.c_str())};
  ERR_clear_error();
  return address != nullptr;
}

} // namespace

std::optional<host_kind> kind_of_host(const std::string& name) {
  if (is_address(name))
    return host_kind::address;
  if (is_dns_name(name))
    return host_kind::dns_name;
  return std::nullopt;
}

} // namespace iris::security
