#pragma once

#include "base/result.hpp"
#include "config/endpoint.hpp"

#include <chrono>
#include <string>

namespace iris::cli {

/// A call of the administration interface of a node.
struct http_request {
  std::string method = "GET";
  std::string target;
  /// Sent as the bearer's token unless it is empty.
  std::string token = {};
  /// JSON.
  std::string body = {};
};

struct http_answer {
  unsigned status = 0;
  std::string body;
};

/// Reads "http://host:port", with or without a slash behind it. Fails with
/// usage.
result<config::endpoint> parse_admin_url(const std::string& text);

/// Calls, and waits for the whole answer. Blocks for at most `at_most`. Fails
/// with timed_out, or no_connection, also if somebody answers otherwise than in
/// HTTP.
result<http_answer> call(const config::endpoint& node, const http_request& what,
                         std::chrono::milliseconds at_most);

/// The error in an answer whose status says failure: the node's own words if
/// it gave any; no_connection if it is the answer of another program.
error failure_of(const http_answer& x);

} // namespace iris::cli
