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

result<http_answer> call(const admin_options& with, http_request what,
                         std::initializer_list<unsigned> fine) {
  auto node = parse_admin_url(with.url);
  if (!node)
    return node.failure();
  if (!with.token_file.empty()) {
    auto token = read_token(with.token_file);
    if (!token)
      return token.failure();
    what.token = *std::move(token);
  }
  std::chrono::milliseconds at_most{
    static_cast<std::int64_t>(with.timeout_s * 1000)};
  auto answer = call(*node, what, at_most);
  if (answer
      && std::find(fine.begin(), fine.end(), answer->status) == fine.end())
    return failure_of(*answer);
  return answer;
}

} // namespace iris::cli
