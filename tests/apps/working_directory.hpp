#pragma once

#include <filesystem>

namespace iris::test {

/// Each test may change the working directory; the next finds it as it was.
class working_directory {
public:
  explicit working_directory(const std::filesystem::path& here)
    : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(here);
  }
  ~working_directory() { std::filesystem::current_path(before_); }
  working_directory(const working_directory&) = delete;
  working_directory& operator=(const working_directory&) = delete;

private:
  std::filesystem::path before_;
};

} // namespace iris::test
