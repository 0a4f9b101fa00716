#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace iris::test {

/// A directory that goes with the test.
class temporary_directory {
public:
  temporary_directory() {
    std::string name =
      std::filesystem::temp_directory_path() / "iris-client-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      throw std::runtime_error("expected to make " + name);
    path_ = name;
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() { std::filesystem::remove_all(path_); }

  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

} // namespace iris::test
