#pragma once

#include "protocol/frames.hpp"

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace iris::cli {

/// What a chat shows. Whatever comes from others is fit for a terminal.
class chat_view {
public:
  virtual ~chat_view() = default;

  /// An old message, or one that has just come; own ones too.
  virtual void message(const protocol::item& what) = 0;
  /// A line of ours waits to be sent.
  virtual void queued(const message_id& id, const std::string& text) = 0;
  /// It is durable.
  virtual void sent(const protocol::sent& what, const std::string& text) = 0;
  virtual void failed(const message_id& id, const std::string& text,
                      const error& why) = 0;
  virtual void connected(const user_id& me, const std::string& to) = 0;
  virtual void disconnected(const error& why) = 0;
  virtual void status(const std::vector<protocol::user_status>& of) = 0;
  virtual void notice(const std::string& text) = 0;
  /// Lines may be typed from here on.
  virtual void ready() {}
};

/// "connection lost, trying again: …"
std::string lost_text(const error& why);
/// "bob: last seen …"
std::string status_text(const protocol::user_status& x);

/// For people who read elsewhere than at a terminal, or type elsewhere: then
/// `columns` gives its width, and lines that are too long are indented.
///   09:17 bob: hello
///   … how are you        (queued)
///   ✓ how are you        (durable)
///   ✗ how are you: why   (refused)
///   -- everything else
std::unique_ptr<chat_view>
make_text_view(std::ostream& to, std::function<std::size_t()> columns = {});

/// For programs: one JSON object a line, with its kind under "event".
std::unique_ptr<chat_view> make_json_view(std::ostream& to);

} // namespace iris::cli
