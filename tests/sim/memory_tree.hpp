#pragma once

#include "base/random.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace iris::sim {

/// A file or a directory, as running programs see it and as a disk has it.
struct memory_node {
  using entries = std::map<std::string, std::shared_ptr<memory_node>>;

  bool is_directory = false;

  // A file. LevelDB only appends.
  std::string bytes;
  std::size_t reserved = 0;    ///< zeros at the end, for what is written next
  std::size_t synced = 0;      ///< this much survives any crash
  std::size_t synced_size = 0; ///< with what was reserved
  /// Parts [first, second) that a failed sync gave up: the kernel calls their
  /// pages clean, so no later sync writes them.
  std::vector<std::pair<std::size_t, std::size_t>> lost;

  // A directory.
  entries now;
  entries durable;
  /// From `durable` to `now`, in order.
  std::vector<std::function<void(entries&)>> changes;
};

/// A file system that knows what a crash may take: the unsynced end of a file,
/// and creates, renames and removals in directories that were not synced.
/// Paths are relative to the root, with or without a slash in front.
class memory_tree {
public:
  memory_tree();

  /// Null when it isn't there.
  std::shared_ptr<memory_node> find(std::string_view path) const;

  /// These return false when a directory on the way is missing, or the thing.
  bool link(std::string_view path, std::shared_ptr<memory_node> what);
  bool unlink(std::string_view path);
  bool rename(std::string_view from, std::string_view to);
  bool sync_directory(std::string_view path);

  /// Appends, first where room is reserved.
  static void write(memory_node& file, std::string_view bytes);
  /// Adds zeros behind what was written; takes them away.
  static void reserve(memory_node& file, std::size_t more);
  static void give_back(memory_node& file);

  /// Makes all that a file has durable, but for what was given up.
  static void sync(memory_node& file);
  /// A sync failed: its bytes are given up.
  static void give_up(memory_node& file);

  /// The sum of all files' sizes.
  std::uint64_t bytes() const;
  /// Every file with its path and bytes.
  std::map<std::string, std::string> files() const;

  /// Power is lost. What is not durable survives or not, by `random`: in each
  /// directory the first few changes or any of them; of each file's unsynced
  /// end the first few bytes or all, which may hold zeros or garbage. Where
  /// room was reserved zeros follow, as many as had been or as are durable.
  void crash(random_source& random);

private:
  std::shared_ptr<memory_node> parent_of(std::string_view path,
                                         std::string& name) const;
  static bool change(memory_node& directory,
                     std::function<void(memory_node::entries&)> what);

  std::shared_ptr<memory_node> root_;
};

} // namespace iris::sim
