#pragma once

#include "apps/cli/chat_view.hpp"

#include <functional>
#include <vector>

namespace iris::cli {

/// A chat at a terminal. What was said scrolls by above, each message once and
/// in its final form; below it are our lines that are not durable yet, and the
/// line that is being typed, which nothing interrupts:
///   09:17 bob: hello
///   09:18 alice: hi ✓
///   … how are you
///   > I am typing th
/// Uses three sequences that every terminal knows: cursor up, carriage return,
/// erase to the end.
class chat_screen final : public chat_view {
public:
  /// `columns` gives the terminal's width, which may change.
  chat_screen(std::ostream& to, std::function<std::size_t()> columns);

  /// The line that is being typed. Nothing is drawn before ready().
  void typing(const std::string& text);
  /// Leaves only what scrolled by; the next text stands below it.
  void close();
  /// Draws again what close() took away.
  void open();

  void message(const protocol::item& what) override;
  void queued(const message_id& id, const std::string& text) override;
  void sent(const protocol::sent& what, const std::string& text) override;
  void failed(const message_id& id, const std::string& text,
              const error& why) override;
  void connected(const user_id& me, const std::string& to) override;
  void disconnected(const error& why) override;
  void status(const std::vector<protocol::user_status>& of) override;
  void notice(const std::string& text) override;
  void ready() override { open(); }

private:
  struct waiting {
    message_id id;
    std::string text;
  };

  void print(const std::string& line);
  void forget(const message_id& id);
  void draw();
  void erase();

  std::ostream& to_;
  const std::function<std::size_t()> columns_;
  bool open_ = false;
  /// Rows of what is waiting that are on the screen.
  std::size_t rows_ = 0;
  user_id me_;
  std::string typing_;
  std::vector<waiting> waiting_;
};

} // namespace iris::cli
