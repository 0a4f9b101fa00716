#include "apps/cli/line_editor.hpp"

#include <utility>

namespace iris::cli {

namespace {

constexpr char control(char letter) {
  return static_cast<char>(letter & 0x1f);
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

} // namespace

line_editor::outcome line_editor::take(char key) {
  constexpr char escape = 0x1b, erase = 0x7f;
  if (in_sequence(key))
    return outcome::typing;
  switch (key) {
  case '\r':
  case '\n':
    return outcome::line;
  case control('C'):
    return outcome::interrupt;
  case control('Z'):
    return outcome::suspend;
  case control('D'):
    return text_.empty() ? outcome::end : outcome::typing;
  case escape:
    state_ = state::escape;
    break;
  case erase:
  case control('H'):
    erase_character();
    break;
  case control('W'):
    erase_word();
    break;
  case control('U'):
    text_.clear();
    break;
  default:
    if (static_cast<unsigned char>(key) >= ' '
        && text_.size() <= line_bytes_max)
      text_ += key;
  }
  return outcome::typing;
}

std::string line_editor::take_line() {
  return std::exchange(text_, {});
}

bool line_editor::in_sequence(char key) {
  switch (state_) {
  case state::escape:
    state_ = key == '['   ? state::sequence
             : key == 'O' ? state::single
                          : state::text;
    return state_ != state::text;
  case state::sequence:
    // ECMA-48, section 5.4: the final byte of a control sequence.
    if (key >= 0x40 && key <= 0x7e)
      state_ = state::text;
    return true;
  case state::single:
    state_ = state::text;
    return true;
  default:
    return false;
  }
}

void line_editor::erase_character() {
  while (!text_.empty() && is_continuation(text_.back()))
    text_.pop_back();
  if (!text_.empty())
    text_.pop_back();
}

void line_editor::erase_word() {
  while (text_.ends_with(' '))
    text_.pop_back();
  while (!text_.empty() && !text_.ends_with(' '))
    text_.pop_back();
}

} // namespace iris::cli
