#pragma once

#include "base/result.hpp"

#include <string>

namespace iris::cli {

/// The id that was typed behind `option`. Fails with usage.
template <class Id>
result<Id> typed_id(const std::string& option, const std::string& text) {
  auto id = Id::parse(text);
  if (!id)
    return error{errc::usage, option + ": " + id.failure().context + ", found '"
                                + text + "'"};
  return *id;
}

} // namespace iris::cli
