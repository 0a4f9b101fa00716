#pragma once

#include "protocol/frames.hpp"

#include <optional>
#include <string>

namespace iris::cli {

/// A line that is being typed at a terminal: keys in, text out. Backspace,
/// ^W and ^U take back a character, a word and all of it; other keys than
/// text do nothing. No I/O.
class line_editor {
public:
  /// One byte more can be typed, so that the line can be refused.
  static constexpr std::size_t line_bytes_max =
    protocol::limits::body_bytes_max;

  enum class outcome {
    typing,    ///< the text is what it is now
    line,      ///< take_line() is due
    end,       ///< ^D on an empty line
    interrupt, ///< ^C
    suspend,   ///< ^Z
  };

  outcome take(char key);

  const std::string& text() const noexcept { return text_; }
  /// What was typed; the next line begins.
  std::string take_line();

private:
  enum class state { text, escape, sequence, single };

  /// Whether it was a part of what a key without a character sends.
  bool in_sequence(char key);
  void erase_character();
  void erase_word();

  state state_ = state::text;
  std::string text_;
};

} // namespace iris::cli
