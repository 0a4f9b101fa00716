#include "apps/cli/cluster_call.hpp"

#include "apps/cli/command.hpp"
#include "apps/cli/remedies.hpp"
#include "base/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace iris::cli {

namespace {

using namespace std::chrono_literals;

/// The controller answers within ten seconds.
constexpr std::chrono::milliseconds answer_timeout = 20s;
constexpr std::chrono::milliseconds wait_timeout = 10min;
constexpr std::chrono::milliseconds look_every = 500ms;

std::chrono::milliseconds now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
    system_clock().steady_now());
}

std::chrono::milliseconds timeout_of(const cluster_options& x) {
  if (x.timeout_s > 0)
    return std::chrono::milliseconds{
      static_cast<std::int64_t>(x.timeout_s * 1000)};
  return x.wait ? wait_timeout : answer_timeout;
}

result<admin_node> node_of(const cluster_options& x) {
  auto out = prepare(admin_options{x.url, x.token_file});
  if (out)
    out->at_most = std::min(timeout_of(x), answer_timeout);
  return out;
}

std::string remedy_of(const cluster_order& what, const error& why) {
  if (why.code == errc::illegal_state && !what.remedy.empty())
    return what.remedy;
  switch (why.code) {
  case errc::illegal_state:
  case errc::not_found:
  case errc::already_exists:
    return "see what there is with: iris node list, iris shard list";
  default:
    return operator_remedy(why);
  }
}

result<ordered_json> read(const admin_node& at, const std::string& target) {
  auto answer = call(at, {"GET", target});
  if (!answer)
    return answer.failure();
  auto out = ordered_json::parse(answer->body, nullptr, false);
  if (!out.is_object())
    return error{errc::no_connection,
                 at.where.str()
                   + ": the answer is not in JSON, expected a node of Iris"};
  return out;
}

/// Whether it may work in a while.
bool passes(const error& why) {
  return retryable(why.code) || why.code == errc::no_connection
         || why.code == errc::timed_out;
}

void pause(std::chrono::milliseconds most) {
  boost::asio::io_context io;
  boost::asio::steady_timer timer{io, std::min(look_every, most)};
  timer.wait();
}

/// Looks again until it is done. A node that is restarted meanwhile, or is
/// busy, is asked again.
result<void> await(const cluster_order& what, admin_node at,
                   std::chrono::milliseconds until) {
  for (;;) {
    auto found = read(at, what.watched);
    if (!found && !passes(found.failure()))
      return found.failure();
    if (found && what.is_done(*found))
      return {};
    auto left = until - now();
    if (left <= 0ms)
      return error{errc::timed_out, "expected " + what.awaited};
    pause(left);
    at.at_most = std::min(std::max(until - now(), 1ms), answer_timeout);
  }
}

/// Whether it is done already. Fails with unavailable where that could never be
/// seen.
result<bool> look_first(const cluster_order& what, const admin_node& at) {
  auto found = read(at, what.watched);
  if (!found)
    return found.failure();
  if (what.is_done(*found))
    return true;
  if (auto why = what.unseen(*found); !why.empty())
    return error{errc::unavailable, why};
  return false;
}

exit_code say(const std::string& text, bool done, const console& io) {
  if (io.json)
    io.out << to_line({{"done", done}, {"text", text}}) << std::endl;
  else
    io.out << text << std::endl;
  return exit_code::ok;
}

} // namespace

const ordered_json& at(const ordered_json& in, const char* key) {
  static const ordered_json none;
  auto i = in.is_object() ? in.find(key) : in.end();
  return i == in.end() ? none : *i;
}

const ordered_json& find(const ordered_json& list, const char* key,
                         std::uint64_t number) {
  auto i = std::find_if(list.begin(), list.end(),
                        [&](const auto& x) { return at(x, key) == number; });
  return i == list.end() ? at({}, key) : *i;
}

void declare(CLI::App& command, cluster_options& x, bool lasts) {
  command.add_option("--admin", x.url, "A node's administration interface")
    ->capture_default_str();
  command.add_option("--token-file", x.token_file,
                     "File with the token of an operator");
  command
    .add_option("--timeout", x.timeout_s,
                lasts ? "Seconds to wait for the answer (20), with --wait "
                        "until it is done (600)"
                      : "Seconds to wait for the answer (20)")
    ->check(between(0.1, 86400.0));
  if (lasts)
    command.add_flag("--wait", x.wait, "Wait until it is done");
}

exit_code carry_out(const cluster_order& what, const cluster_options& with,
                    const console& io) {
  auto until = now() + timeout_of(with);
  auto at = node_of(with);
  if (!at)
    return io.fail(because(what.task, at.failure()));
  if (with.wait && what.unseen) {
    auto done = look_first(what, *at);
    if (!done)
      return io.fail(because(what.task, done.failure(),
                             done.failure().code == errc::unavailable
                               ? "ask another node, with --admin URL"
                               : remedy_of(what, done.failure())));
    if (*done)
      return say(what.done, true, io);
  }
  auto answer = call(*at, {"POST", what.target, {}, to_line(what.body)});
  if (!answer)
    return io.fail(
      because(what.task, answer.failure(), remedy_of(what, answer.failure())));
  if (!with.wait)
    return say(what.taken, false, io);
  if (auto done = await(what, *at, until); !done)
    return io.fail(
      because("the cluster knows it, and has not done it", done.failure(),
              done.failure().code == errc::timed_out
                ? "see where it is with: iris node list, iris shard list; why "
                  "a node is not linked: iris status; it goes on by itself"
                : operator_remedy(done.failure())));
  return say(what.done, true, io);
}

exit_code show_cluster(
  const std::string& task, const std::string& target,
  const cluster_options& with, const console& io,
  const std::function<void(const ordered_json&, std::ostream&)>& show) {
  auto at = node_of(with);
  if (!at)
    return io.fail(because(task, at.failure()));
  auto found = read(*at, target);
  if (!found)
    return io.fail(
      because(task, found.failure(), operator_remedy(found.failure())));
  if (io.json)
    io.out << to_line(*found) << std::endl;
  else
    show(*found, io.out);
  io.out.flush();
  return exit_code::ok;
}

} // namespace iris::cli
