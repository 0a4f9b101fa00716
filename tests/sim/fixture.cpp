#include "tests/sim/fixture.hpp"

namespace iris::sim {

namespace {

constexpr std::string_view token_prefix = "token of ";

} // namespace

actors::node_options sim_options(world& in) {
  actors::node_options out;
  out.self.cluster = "sim";
  out.self.node = {1};
  out.self.shards = 4;
  out.seed = in.seed();
  out.connection.node = {1};
  out.connection.session.verify =
    [](std::string_view token, timestamp now) -> result<actors::credentials> {
    if (!token.starts_with(token_prefix))
      return error{errc::token_invalid, "expected a token"};
    auto who = user_id::parse(token.substr(token_prefix.size()));
    if (!who)
      return who.failure();
    return actors::credentials{*who, std::nullopt, {now.ms + 3'600'000}};
  };
  return out;
}

} // namespace iris::sim
