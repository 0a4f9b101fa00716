#pragma once

#include "apps/cli/json.hpp"
#include "protocol/frames.hpp"

namespace iris::cli {

/// "2026-11-21 09:17:35 +0100", in the time zone of the terminal.
std::string date_and_time(timestamp x);
/// "09:17".
std::string time_of_day(timestamp x);

/// What happened, for people: "bob: hello", or "* bob added carol". Fit for a
/// terminal whatever it holds; the lines of a message's text below the first
/// are indented, and nothing else is.
std::string text_of(const protocol::item& x);

/// For programs. A body that is not UTF-8 stands under "body_base64url"
/// instead of "body".
ordered_json to_json(const protocol::item& x);

} // namespace iris::cli
