#include "apps/cli/line_source.hpp"

#include <doctest/doctest.h>
#include <sstream>
#include <vector>

namespace line_source_test {

using namespace iris;
using cli::line_source;

namespace {

/// All lines, asked for one by one.
std::vector<std::string> lines_of(const std::string& text) {
  boost::asio::io_context io;
  auto waits = boost::asio::make_work_guard(io);
  std::istringstream in{text};
  std::vector<std::string> out;
  line_source* source = nullptr;
  line_source from{io, in, [&](std::optional<std::string> line) {
                     if (!line)
                       return waits.reset();
                     out.push_back(std::move(*line));
                     source->next();
                   }};
  source = &from;
  from.next();
  io.run();
  return out;
}

} // namespace

TEST_CASE("lines come as they are, the last without its end too") {
  CHECK((lines_of("one\n\ntwo") == std::vector<std::string>{"one", "", "two"}));
}

TEST_CASE("a line above the bound comes once, one byte too long") {
  const std::string whole(line_source::line_bytes_max, 'x');

  auto found = lines_of(whole + "\n" + whole + "yz\nnext\n");

  CHECK((found == std::vector<std::string>{whole, whole + "y", "next"}));
}

} // namespace line_source_test
