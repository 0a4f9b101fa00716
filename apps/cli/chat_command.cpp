#include "apps/cli/chat.hpp"
#include "apps/cli/chat_screen.hpp"
#include "apps/cli/command.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/remedies.hpp"
#include "apps/cli/session.hpp"
#include "apps/cli/terminal.hpp"

namespace iris::cli {

namespace {

struct chat_options {
  login_options login;
  target_options target;
  std::uint32_t history = 20;
};

/// A chat with a terminal on one side and a node on the other.
class chat_session final : chat_node {
public:
  chat_session(const chat_options& options, const console& io, target to,
               login with)
    : options_(options), group_(to.group),
      interactive_(line_source::interactive(io.in)), view_(make_view(io)),
      chat_({to, options.history, with.options.device}, *this, *view_),
      session_(io, std::move(with), "can't chat with " + to.str()),
      lines_(make_input(io)) {
    session_.on_event([this](const client::event& x) {
      chat_.handle(x);
      if (const auto& why = chat_.closed())
        session_.fail(why, group_remedy(why, group_));
      else
        advance();
    });
    session_.before_failing([this] { close_screen(); });
  }

  exit_code run() {
    auto code = session_.run();
    close_screen();
    return code;
  }

private:
  /// Lines on their way beyond which no more are read from a pipe.
  static constexpr std::size_t unanswered_max = 256;

  std::unique_ptr<chat_view> make_view(const console& io) {
    if (io.json)
      return make_json_view(io.out);
    if (!terminal::shows(io))
      return make_text_view(io.out);
    if (!terminal::available(io))
      return make_text_view(io.out, terminal::columns);
    auto out = std::make_unique<chat_screen>(io.out, terminal::columns);
    screen_ = out.get();
    return out;
  }

  std::unique_ptr<line_input> make_input(const console& io) {
    auto on_line = [this](std::optional<std::string> x) {
      typed(std::move(x));
    };
    if (screen_ == nullptr)
      return std::make_unique<line_source>(session_.io(), io.in, on_line);
    return std::make_unique<terminal>(
      session_.io(), on_line,
      [this](const std::string& text) { screen_->typing(text); },
      [this](bool goes_on) { goes_on ? screen_->open() : screen_->close(); });
  }

  void close_screen() {
    if (screen_ != nullptr)
      screen_->close();
  }

  void typed(std::optional<std::string> line) {
    reading_ = false;
    if (!line || !chat_.type(*line))
      finish();
    advance();
  }

  void advance() {
    if (!finishing_ && chat_.ready() && !reading_
        && chat_.unanswered() < unanswered_max) {
      reading_ = true;
      lines_->next();
    }
    if (finishing_ && chat_.unanswered() == 0 && !chat_.asking())
      session_.end(chat_.failed() ? exit_code::failed : exit_code::ok);
  }

  /// Nothing more is read; what was, is waited for.
  void finish() {
    finishing_ = true;
    if (interactive_ && chat_.unanswered() > 0)
      view_->notice("waiting until the node has everything");
    session_.expect_end_within(options_.login.timeout_s,
                               "the node to have every line");
  }

  // -- chat_node

  result<message_id> send(const target& to, std::string body) override {
    return to.user ? session_.node().send(*to.user, std::move(body))
                   : session_.node().send(to.group, std::move(body));
  }
  result<std::uint64_t> ask_history(const conversation_id& of,
                                    std::uint32_t count) override {
    return session_.node().history(of, {protocol::limits::integer_max}, count,
                                   true);
  }
  result<std::uint64_t> ask_status(std::vector<user_id> of) override {
    return session_.node().status(std::move(of));
  }
  result<std::uint64_t> ask_roster(const conversation_id& of) override {
    return session_.node().roster(of);
  }

  const chat_options& options_;
  const conversation_id group_;
  const bool interactive_;
  bool reading_ = false;
  bool finishing_ = false;
  chat_screen* screen_ = nullptr; ///< the view, at a terminal
  std::unique_ptr<chat_view> view_;
  chat chat_;
  session session_;
  std::unique_ptr<line_input> lines_;
};

exit_code run_chat(const chat_options& options, const console& io) {
  auto to = read(options.target);
  if (!to)
    return io.fail(because("can't chat", to.failure()));
  auto with = prepare(options.login);
  if (!with)
    return io.fail(because("can't chat with " + to->str(), with.failure(),
                           key_remedy(with.failure())));
  // What was shown once is asked for as history, not read again.
  with->options.position.reset();
  return chat_session{options, io, *to, *std::move(with)}.run();
}

} // namespace

void add_chat(CLI::App& app, action& chosen) {
  add_command<chat_options>(
    app, chosen, {"chat", "Chat, line by line; /help shows what else"},
    [](CLI::App& command, chat_options& x) {
      declare(command, x.target);
      command.add_option("--history", x.history, "Old messages to show first")
        ->check(whole(0, protocol::limits::page_max))
        ->capture_default_str();
      declare(command, x.login, "iris-chat");
    },
    run_chat);
}

} // namespace iris::cli
