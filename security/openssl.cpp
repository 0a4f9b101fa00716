#include "security/openssl.hpp"

#include <system_error>

#include <openssl/err.h>

namespace iris::security {

std::string take_openssl_errors() {
  std::string text;
  while (auto code = ERR_get_error()) {
    auto reason = ERR_reason_error_string(code);
    text += text.empty() ? "" : "; ";
    // Errors of the system have no reason string of their own.
    if (ERR_SYSTEM_ERROR(code))
      text += std::generic_category().message(ERR_GET_REASON(code));
    else
      text += reason ? reason : "error " + std::to_string(code);
  }
  return text.empty() ? "no reason given" : text;
}

} // namespace iris::security
