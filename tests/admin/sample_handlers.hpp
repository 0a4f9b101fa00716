#pragma once

#include "admin/handlers.hpp"

namespace iris::admin {

/// Handlers of a node that is well, with the operator token "operator".
inline handlers sample_handlers() {
  handlers to;
  to.metrics = [] { return std::string{"# HELP x X\n"}; };
  to.checks["store"] = [] { return result<void>{}; };
  to.tree = [](respond done) { done(std::string{R"({"name":"root"})"}); };
  to.status = [](respond done) { done(std::string{R"({"node":1})"}); };
  to.verify = [](const verify_request& x, respond done) {
    done(R"({"number":)" + std::to_string(x.number) + "}");
  };
  to.nodes = [](respond done) { done(std::string{R"({"nodes":[]})"}); };
  to.shards = [](respond done) { done(std::string{R"({"shards":[]})"}); };
  to.change = [](const cluster_change&, respond done) {
    done(std::string{R"({"done":true})"});
  };
  to.repair = [](const repair_request& x, respond done) {
    done(R"({"shard":)" + std::to_string(x.shard.value) + "}");
  };
  to.issue_token = [](const token_request& x) {
    return result<std::string>{"token of " + x.user.str()};
  };
  to.authorize = [](std::string_view bearer) -> result<void> {
    if (bearer == "operator")
      return {};
    if (bearer == "user")
      return error{errc::forbidden, "expected the role operator"};
    return error{errc::token_invalid, "expected a token of this cluster"};
  };
  return to;
}

} // namespace iris::admin
