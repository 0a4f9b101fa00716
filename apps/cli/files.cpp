#include "apps/cli/files.hpp"

#include "protocol/frames.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>

namespace iris::cli {

result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  std::string text;
  char buffer[4096];
  while (in && text.size() <= bytes_max) {
    in.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
  }
  // The end of a file sets no errno; a missing file and a folder do.
  if (errno != 0)
    return error{errno == ENOENT || errno == ENOTDIR ? errc::not_found
                                                     : errc::io_failed,
                 path + ": " + std::generic_category().message(errno)
                   + ", expected a file to read"};
  if (text.size() > bytes_max)
    return error{errc::io_failed, path + ": expected at most "
                                    + std::to_string(bytes_max) + " bytes"};
  return text;
}

result<std::string> read_token(const std::string& path) {
  constexpr auto space = " \t\r\n";
  auto text = read_file(path, protocol::limits::token_bytes_max + 16);
  if (!text)
    return error{errc::usage, text.failure().context};
  text->erase(text->find_last_not_of(space) + 1);
  text->erase(0, text->find_first_not_of(space));
  if (text->empty() || text->find_first_of(space) != text->npos
      || text->size() > protocol::limits::token_bytes_max)
    return error{errc::usage, path + ": expected one token and nothing else"};
  return text;
}

} // namespace iris::cli
