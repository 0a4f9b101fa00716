#pragma once

#include "base/result.hpp"

namespace iris::security {

/// From now on every TLS context that this process makes takes TLS 1.3 or
/// later, unless it says otherwise itself: the only way to tell a library that
/// makes its own. The system's configuration of OpenSSL is read first; what it
/// says of TLS in general is replaced. Once is enough, again is fine.
/// Precondition: nobody makes a context meanwhile for the first time.
/// Fails with internal, if OpenSSL doesn't obey.
result<void> require_tls13();

} // namespace iris::security
