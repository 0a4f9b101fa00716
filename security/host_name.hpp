#pragma once

#include <optional>
#include <string>

namespace iris::security {

enum class host_kind { dns_name, address };

/// What a host's name is, or nothing if it is none: labels of letters, digits,
/// '-' and '_' (which private networks use, against RFC 1123), the first may be
/// "*"; or an IPv4 or IPv6 address. Nothing that is accepted has a comma, a
/// blank or a zero byte in it.
std::optional<host_kind> kind_of_host(const std::string& name);

} // namespace iris::security
