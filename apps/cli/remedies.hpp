#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"

#include <string>

/// What to do about an error where the usual advice for its code would mislead.
/// Each gives nothing where it does not.
namespace iris::cli {

/// No connection to `server` came about.
std::string connection_remedy(const error& why, const std::string& server,
                              bool names_authority);

/// The node refused what was asked of this conversation.
std::string group_remedy(const error& why, const conversation_id& group);

/// The administration interface refused.
std::string operator_remedy(const error& why);

} // namespace iris::cli
