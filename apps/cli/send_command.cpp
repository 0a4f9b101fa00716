#include "apps/cli/command.hpp"
#include "apps/cli/json.hpp"
#include "apps/cli/session.hpp"
#include "apps/cli/target.hpp"

#include <iterator>

namespace iris::cli {

namespace {

struct send_options {
  login_options login;
  target_options target;
  std::string text;
};

/// What is to be sent: the text, or for "-" all that can be read.
result<std::string> body_of(const std::string& text, std::istream& in) {
  constexpr std::size_t bytes_max = protocol::limits::body_bytes_max;
  if (text != "-")
    return text;
  std::string out;
  char c = 0;
  while (out.size() <= bytes_max && in.get(c))
    out += c;
  if (out.size() > bytes_max)
    return error{errc::usage, "expected at most " + std::to_string(bytes_max)
                                + " bytes to read"};
  return out;
}

void show(const protocol::sent& x, const console& io) {
  if (io.json)
    io.out << to_line({{"id", x.id.str()},
                       {"conversation", x.conversation.str()},
                       {"sequence", x.seq.value},
                       {"at_ms", x.at.ms},
                       {"duplicate", x.duplicate}})
           << std::endl;
  else
    io.out << x.seq.value << std::endl;
}

void submit(session& by, const target& whom, std::string body) {
  auto taken = whom.user ? by.node().send(*whom.user, std::move(body))
                         : by.node().send(whom.group, std::move(body));
  if (!taken)
    by.fail(taken.failure());
}

exit_code send(const send_options& options, const console& io) {
  auto whom = read(options.target);
  if (!whom)
    return io.fail(because("can't send", whom.failure()));
  auto task = "can't send to " + whom->str();
  auto body = body_of(options.text, io.in);
  if (!body)
    return io.fail(because(task, body.failure()));
  auto with = prepare(options.login);
  if (!with)
    return io.fail(because(task, with.failure()));
  // Its inbox is not what it came for.
  with->options.auto_ack = false;
  with->options.inbox_window = 1;
  session here{io, *std::move(with), task};
  here.on_event([&, submitted = false](client::event what) mutable {
    if (std::holds_alternative<client::connected>(what)) {
      if (!std::exchange(submitted, true))
        submit(here, *whom, *std::move(body));
    } else if (auto sent = std::get_if<protocol::sent>(&what)) {
      show(*sent, io);
      here.end(exit_code::ok);
    } else if (auto refused = std::get_if<client::failed>(&what)) {
      here.fail(refused->why);
    }
  });
  here.expect_end_within(options.login.timeout_s,
                         "the node to say that the message is durable");
  return here.run();
}

} // namespace

void add_send(CLI::App& app, action& chosen) {
  add_command<send_options>(
    app, chosen, "send", "Send one message; print its sequence when durable",
    [](CLI::App& command, send_options& x) {
      declare(command, x.target);
      command.add_option("TEXT", x.text, "The message; - reads it")->required();
      declare(command, x.login, "iris-send");
    },
    send);
}

} // namespace iris::cli
