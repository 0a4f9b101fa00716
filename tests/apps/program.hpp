#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace iris::test {

/// A program that this process started and talks to as a terminal's user
/// would: types lines, waits for lines. Each wait ends with an exception when
/// it takes longer than a minute, or when the program has ended.
class program {
public:
  enum class at { pipes, terminal };

  /// `where` its standard input and output are; its standard error is always a
  /// pipe.
  explicit program(std::vector<std::string> arguments, at where = at::pipes);
  /// Kills it if it still runs.
  ~program();
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  /// Types a line.
  void type(const std::string& line);
  /// Presses these keys.
  void press(const std::string& keys);
  void close_input();
  /// Nobody reads its output any more.
  void close_output();
  void signal(int which);

  /// The next line of its output.
  std::string next_line();
  /// The first line from here on that holds `part`.
  std::string line_with(const std::string& part);
  /// What it says next, at least a byte.
  std::string more();
  /// Whether its terminal shows keys by itself, as it usually does.
  bool terminal_is_usual() const;
  /// All that it still says, until it closes its output.
  std::string rest();
  /// What it said on its standard error, after its end.
  std::string complaint();
  /// Waits for its end: its exit code, or minus the signal that ended it.
  int wait();

private:
  bool fill();

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string buffer_;
};

} // namespace iris::test
