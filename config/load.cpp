#include "config/load.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace iris::config {

namespace {

// Enough to see that a file is too large; the parser says so.
constexpr std::size_t read_bytes_max = (1 << 20) + 1;

std::string last_error() {
  if (errno == ENOENT)
    return "no such file";
  return "nothing readable (" + std::generic_category().message(errno) + ")";
}

outcome unreadable(const std::filesystem::path& file, std::string found) {
  return outcome{std::vector<problem>{
    {{file.string()}, {}, std::move(found), "the path of a TOML file", {}}}};
}

} // namespace

environment process_environment() {
  environment variables;
  for (auto i = environ; i != nullptr && *i != nullptr; ++i) {
    std::string_view line{*i};
    auto equals = line.find('=');
    if (line.starts_with(variable_prefix) && equals != line.npos)
      variables.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return variables;
}

outcome load(const std::filesystem::path& file, const environment& variables) {
  if (file.empty())
    return parse({}, {}, variables);
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    return unreadable(file, "a folder");
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return unreadable(file, last_error());
  std::string text(read_bytes_max, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad())
    return unreadable(file, last_error());
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse(text, file.string(), variables);
}

} // namespace iris::config
