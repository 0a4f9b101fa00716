#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace iris::security::test {

/// A directory that goes with the test.
class temporary_directory {
public:
  temporary_directory() {
    std::string name =
      std::filesystem::temp_directory_path() / "iris-security-XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() { std::filesystem::remove_all(path_); }

  std::filesystem::path operator/(const char* name) const {
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

  std::size_t file_count() const {
    auto files = std::filesystem::directory_iterator{path_};
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }

private:
  std::filesystem::path path_;
};

inline std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream{file, std::ios::binary}.rdbuf();
  return text.str();
}

inline void write_secret(const std::filesystem::path& file,
                         const std::string& text) {
  std::ofstream{file, std::ios::binary} << text;
  std::filesystem::permissions(file, std::filesystem::perms::owner_read
                                       | std::filesystem::perms::owner_write);
}

} // namespace iris::security::test
