#pragma once

#include <cstdint>
#include <filesystem>

namespace iris::process {

/// A file system of a size of its own, in memory, at a folder: only this
/// process sees it, and those that it starts. It fills up as any other.
class small_disk {
public:
  /// This process may mount; it sees no mounts from outside any more.
  static bool permitted();

  /// Makes the folder. Precondition: permitted. Throws std::system_error.
  small_disk(std::filesystem::path at, std::uint64_t bytes);
  ~small_disk();
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  /// Something else takes all but so many bytes. Throws std::system_error.
  void fill(std::uint64_t left);
  /// And gives them back.
  void make_room();

private:
  std::filesystem::path ballast() const { return at_ / "ballast"; }

  const std::filesystem::path at_;
};

} // namespace iris::process
