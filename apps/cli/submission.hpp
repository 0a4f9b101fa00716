#pragma once

#include "apps/cli/console.hpp"
#include "apps/cli/login.hpp"
#include "clients/cpp/client.hpp"

#include <functional>
#include <string>

namespace iris::cli {

/// One thing to be made durable, and what is printed when it is.
struct submission {
  /// What can't be done if it fails: "can't send to bob".
  std::string task;
  std::function<result<message_id>(client::client&)> submit;
  /// For people; programs get {"message":…,"conversation":…,"sequence":…,…}.
  std::function<std::string(const protocol::sent&)> text =
    [](const protocol::sent& x) { return std::to_string(x.seq.value); };
  /// What to do when the node refuses; empty for what is usual.
  std::function<std::string(const error&)> remedy = [](const error&) {
    return std::string{};
  };
};

/// Logs in, submits once connected, and waits until the node has answered.
exit_code run(const submission& what, const login_options& as,
              const console& io);

} // namespace iris::cli
