#include "apps/cli/admin_options.hpp"

#include "apps/cli/command.hpp"
#include "apps/cli/files.hpp"

#include <algorithm>

namespace iris::cli {

void declare(CLI::App& command, admin_options& x) {
  command.add_option("--admin", x.url, "The node's administration interface")
    ->capture_default_str();
  command.add_option("--token-file", x.token_file,
                     "File with the token of an operator");
  command
    .add_option("--timeout", x.timeout_s, "Seconds to wait for the answer")
    ->check(between(0.1, 600.0))
    ->capture_default_str();
}

result<admin_node> prepare(const admin_options& from) {
  auto where = parse_admin_url(from.url);
  if (!where)
    return where.failure();
  admin_node out{*where, {}, {}};
  out.at_most =
    std::chrono::milliseconds{static_cast<std::int64_t>(from.timeout_s * 1000)};
  if (from.token_file.empty())
    return out;
  auto token = read_token(from.token_file);
  if (!token)
    return token.failure();
  out.token = *std::move(token);
  return out;
}

result<http_answer> call(const admin_node& node, http_request what,
                         std::initializer_list<unsigned> fine) {
  what.token = node.token;
  auto answer = call(node.where, what, node.at_most);
  if (!answer
      || std::find(fine.begin(), fine.end(), answer->status) != fine.end())
    return answer;
  auto why = failure_of(*answer);
  if (why.code == errc::no_connection)
    why.context.insert(0, node.where.str() + ": ");
  return why;
}

result<http_answer> call(const admin_options& with, http_request what) {
  auto node = prepare(with);
  if (!node)
    return node.failure();
  return call(*node, std::move(what));
}

} // namespace iris::cli
