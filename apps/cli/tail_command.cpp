#include "apps/cli/chat_view.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/item_text.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/rows.hpp"
#include "apps/cli/session.hpp"
#include "apps/cli/table.hpp"
#include "apps/cli/terminal.hpp"
#include "clients/cpp/reasons.hpp"

namespace iris::cli {

namespace {

struct tail_options {
  login_options login;
  std::uint64_t from = 0;
  std::uint64_t count = 0;
  bool no_follow = false;
  bool peek = false;
};

/// A node sends no more than this ahead of what is acknowledged.
constexpr std::uint64_t peek_max = protocol::limits::window_max;

std::string for_reader(const std::string& text, const console& io) {
  return terminal::shows(io) ? wrapped(text, usable(terminal::columns()))
                             : text;
}

void show(const client::message& x, const console& io) {
  if (io.json) {
    ordered_json out{{"offset", x.offset.value}};
    out.update(to_json(x.item));
    io.out << to_line(out) << std::endl;
    return;
  }
  auto line =
    std::to_string(x.offset.value) + "  " + date_and_time(x.item.at) + "  ";
  if (!x.item.to)
    line += x.item.conversation.str() + "  ";
  else if (*x.item.to != x.item.from)
    line += "to " + x.item.to->str() + "  ";
  io.out << for_reader(line + text_of(x.item), io) << std::endl;
}

/// Prints what comes, and knows when it was enough.
class tail_session {
public:
  tail_session(const tail_options& options, const console& io, login with)
    : options_(options), io_(io),
      session_(io, std::move(with), "can't read the inbox") {
    session_.on_event([this](client::event x) { handle(x); });
  }

  exit_code run() {
    if (options_.login.timeout_s > 0)
      session_.expect_end_within(options_.login.timeout_s,
                                 "what was asked for");
    return session_.run();
  }

private:
  void handle(const client::event& what) {
    if (auto message = std::get_if<client::message>(&what)) {
      take(*message);
    } else if (auto gap = std::get_if<client::skipped>(&what)) {
      tell("offsets " + std::to_string(gap->first.value) + " to "
           + std::to_string(gap->last.value) + " are no longer kept");
    } else if (auto lost = std::get_if<client::disconnected>(&what)) {
      // Attempts to come back that fail are no news.
      if (!std::exchange(lost_, true))
        tell(lost_text(lost->reason));
    } else if (std::holds_alternative<client::connected>(what)) {
      if (std::exchange(lost_, false))
        tell("connected again");
    } else if (std::holds_alternative<protocol::live>(what)
               && options_.no_follow) {
      session_.end(exit_code::ok);
    } else if (auto broken = std::get_if<client::protocol_error>(&what)) {
      if (options_.from > 0
          && broken->what.context.starts_with(client::reasons::beyond_end))
        session_.fail({errc::usage, "--from: expected an offset of the inbox, "
                                    "or the one behind its end, found "
                                      + std::to_string(options_.from)},
                      "leave --from out to go on where this device stopped; "
                      "--from 1 is all that is kept");
    }
  }

  /// What is none of the inbox.
  void tell(const std::string& text) const {
    io_.err << (io_.json ? to_line({{"notice", text}}) : printable(text))
            << std::endl;
  }

  void take(const client::message& x) {
    show(x, io_);
    // Not before: what is shown nowhere comes again.
    if (!options_.peek)
      if (auto ok = session_.node().ack(x.offset); !ok)
        session_.fail(ok.failure());
    ++shown_;
    if (shown_ == options_.count || (options_.peek && shown_ == peek_max))
      session_.end(exit_code::ok);
  }

  const tail_options& options_;
  const console& io_;
  session session_;
  std::uint64_t shown_ = 0;
  bool lost_ = false; ///< the connection, and it was said
};

exit_code tail(const tail_options& options, const console& io) {
  auto with = prepare(options.login);
  if (!with)
    return io.fail(because("can't read the inbox", with.failure(),
                           key_remedy(with.failure())));
  with->options.auto_ack = false;
  with->options.position.reset();
  if (options.from > 0)
    with->options.position = inbox_offset{options.from - 1};
  if (options.peek)
    with->options.inbox_window = peek_max;
  return tail_session{options, io, *std::move(with)}.run();
}

} // namespace

void add_tail(CLI::App& app, action& chosen) {
  add_command<tail_options>(
    app, chosen,
    {"tail",
     "Print your inbox as it grows, oldest first, from where this device "
     "stopped; what was printed counts as read"},
    [](CLI::App& command, tail_options& x) {
      auto from =
        command
          .add_option("--from", x.from,
                      "Begin with this offset, from 1; all before it counts "
                      "as read")
          ->check(whole(1, protocol::limits::integer_max));
      command
        .add_option("--count", x.count,
                    "End after so many, the oldest that this device has not "
                    "read")
        ->check(whole(1, protocol::limits::integer_max));
      command
        .add_flag("--peek", x.peek,
                  "Read nothing: what is printed comes again the next time. "
                  "Prints "
                    + std::to_string(peek_max) + " at most")
        ->excludes(from);
      command.add_flag("--no-follow", x.no_follow,
                       "End when all that was there has been printed");
      x.login.timeout_s = 0;
      declare(command, x.login, "iris-tail");
    },
    tail);
}

} // namespace iris::cli
