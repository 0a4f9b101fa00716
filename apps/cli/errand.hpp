#pragma once

#include "apps/cli/console.hpp"
#include "apps/cli/login.hpp"
#include "clients/cpp/client.hpp"

#include <functional>
#include <optional>
#include <string>

namespace iris::cli {

/// What a command comes for that reads no inbox: it asks, and goes.
struct errand {
  /// What can't be done if it fails: "can't list your devices".
  std::string task;
  /// Called once, when it is connected.
  std::function<result<void>(client::client&)> ask;
  /// Called for each event; whether all is there that it came for. What the
  /// node refuses is a failure, unless it is tolerated.
  std::function<result<bool>(const client::event&, client::client&)> heed;
  std::function<bool(const error&)> tolerates = [](const error&) {
    return false;
  };
  /// What to do when the node refuses; empty for what is usual.
  std::function<std::string(const error&)> remedy = [](const error&) {
    return std::string{};
  };
  /// One of the user's devices: who it comes in as where he has as many as he
  /// may, and nobody named one.
  std::optional<device_id> stand_in = {};
  /// What it waits for.
  std::string awaited = "the node to answer";
};

/// What became of a request of the client.
template <class T>
result<void> outcome_of(const result<T>& x) {
  return x ? result<void>{} : result<void>{x.failure()};
}

/// Logs in, asks, and goes. A device that nobody named is removed again, done
/// or refused: it reads nothing, and would hold the inbox for ever. Whether
/// that succeeds changes nothing about the outcome.
exit_code run(const errand& what, const login_options& as, const console& io);

} // namespace iris::cli
