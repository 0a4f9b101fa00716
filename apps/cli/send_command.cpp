#include "apps/cli/command.hpp"
#include "apps/cli/line_source.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/submission.hpp"
#include "apps/cli/target.hpp"

namespace iris::cli {

namespace {

struct send_options {
  login_options login;
  target_options target;
  std::string text;
};

/// What is to be sent: the text; for "-", or where nobody types, all that can
/// be read.
result<std::string> body_of(const std::string& text, std::istream& in) {
  constexpr std::size_t bytes_max = protocol::limits::body_bytes_max;
  if (!text.empty() && text != "-")
    return text;
  if (text.empty() && line_source::interactive(in))
    return error{errc::usage, "expected the message as TEXT, or in a pipe"};
  std::string out;
  char c = 0;
  while (out.size() <= bytes_max && in.get(c))
    out += c;
  if (out.size() > bytes_max)
    return error{errc::usage, "expected at most " + std::to_string(bytes_max)
                                + " bytes to read"};
  if (out.empty())
    return error{errc::usage, "expected the message as TEXT or on standard "
                              "input, found neither"};
  return out;
}

exit_code send(const send_options& options, const console& io) {
  auto whom = read(options.target);
  if (!whom)
    return io.fail(because("can't send", whom.failure()));
  auto task = "can't send to " + whom->str();
  auto body = body_of(options.text, io.in);
  if (!body)
    return io.fail(because(task, body.failure()));
  submission what;
  what.task = task;
  what.submit = [&](client::client& by) {
    return whom->user ? by.send(*whom->user, *std::move(body))
                      : by.send(whom->group, *std::move(body));
  };
  what.remedy = [&](const error& why) {
    return whom->user ? std::string{} : group_remedy(why, whom->group);
  };
  return run(what, options.login, io);
}

} // namespace

void add_send(CLI::App& app, action& chosen) {
  add_command<send_options>(
    app, chosen, {"send", "Send one message; print its sequence when durable"},
    [](CLI::App& command, send_options& x) {
      declare(command, x.target);
      command.add_option("TEXT", x.text,
                         "The message; standard input is read for - and, in "
                         "a pipe, if not given");
      declare(command, x.login, "iris-send");
    },
    send);
}

} // namespace iris::cli
