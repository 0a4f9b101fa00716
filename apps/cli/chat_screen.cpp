#include "apps/cli/chat_screen.hpp"

#include "apps/cli/item_text.hpp"
#include "apps/cli/rows.hpp"
#include "apps/cli/table.hpp"

#include <algorithm>

namespace iris::cli {

namespace {

/// Of what is waiting, so many lines are shown.
constexpr std::size_t waiting_shown_max = 5;
} // namespace

chat_screen::chat_screen(std::ostream& to, std::function<std::size_t()> columns)
  : to_(to), columns_(std::move(columns)) {
  // nop
}

// -- what is said -------------------------------------------------------------

void chat_screen::message(const protocol::item& what) {
  print(time_of_day(what.at) + ' ' + text_of(what));
}

void chat_screen::queued(const message_id& id, const std::string& text) {
  waiting_.push_back({id, text});
  erase();
  draw();
}

void chat_screen::sent(const protocol::sent& what, const std::string& text) {
  forget(what.id);
  print(time_of_day(what.at) + ' ' + me_.str() + ": " + printable(text) + " ✓");
}

void chat_screen::failed(const message_id& id, const std::string& text,
                         const error& why) {
  forget(id);
  print("✗ " + printable(text) + ": " + printable(to_string(why)));
}

void chat_screen::connected(const user_id& me, const std::string& to) {
  me_ = me;
  notice("connected as " + me.str() + ", writing to " + to);
}

void chat_screen::disconnected(const error& why) {
  notice(lost_text(why));
}

void chat_screen::status(const std::vector<protocol::user_status>& of) {
  for (const auto& x : of)
    notice(status_text(x));
}

void chat_screen::notice(const std::string& text) {
  print("-- " + printable(text));
}

// -- what is below it ---------------------------------------------------------

void chat_screen::typing(const std::string& text) {
  typing_ = text;
  erase();
  draw();
}

void chat_screen::close() {
  erase();
  to_.flush();
  open_ = false;
}

void chat_screen::open() {
  erase();
  open_ = true;
  draw();
}

void chat_screen::print(const std::string& line) {
  erase();
  to_ << wrapped(line, usable(columns_())) << '\n';
  draw();
  to_.flush();
}

void chat_screen::forget(const message_id& id) {
  std::erase_if(waiting_, [&](const waiting& x) { return x.id == id; });
}

void chat_screen::draw() {
  if (!open_)
    return;
  auto columns = usable(columns_());
  rows_ = std::min(waiting_.size(), waiting_shown_max);
  for (std::size_t i = 0; i < rows_; ++i)
    to_ << front_of("… " + printable(waiting_[i].text), columns) << '\n';
  to_ << "> " << end_of(printable(typing_), columns - 2) << std::flush;
}

void chat_screen::erase() {
  if (!open_)
    return;
  to_ << '\r';
  if (rows_ > 0)
    to_ << "\x1b[" << rows_ << 'A';
  to_ << "\x1b[J";
  rows_ = 0;
}

} // namespace iris::cli
