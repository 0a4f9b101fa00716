#include "tests/sim/memory_tree.hpp"

#include <algorithm>

namespace iris::sim {

namespace {

constexpr std::size_t torn_write_max = 512;

/// Takes the first name off the front of `path`.
std::string take_name(std::string_view& path) {
  while (path.starts_with('/'))
    path.remove_prefix(1);
  auto end = std::min(path.find('/'), path.size());
  std::string name{path.substr(0, end)};
  path.remove_prefix(end);
  while (path.starts_with('/'))
    path.remove_prefix(1);
  return name;
}

/// Calls `visit(path, file)` for all files in and below a directory.
template <class Visitor>
void visit_files(const memory_node& directory, const std::string& path,
                 Visitor& visit) {
  for (const auto& [name, node] : directory.now) {
    auto below = path + "/" + name;
    if (node->is_directory)
      visit_files(*node, below, visit);
    else
      visit(below, *node);
  }
}

/// Overwrites [first, last) with zeros, or with anything.
void spoil(std::string& bytes, std::size_t first, std::size_t last,
           random_source& random) {
  auto zeros = random.chance(50);
  for (auto i = first; i < last; ++i)
    bytes[i] = zeros ? '\0' : static_cast<char>(random.next());
}

void crash_file(memory_node& file, random_source& random) {
  for (auto [first, last] : file.lost)
    if (random.chance(50))
      spoil(file.bytes, first, last, random);
  auto [least, most] = std::minmax({file.bytes.size(), file.synced_size});
  file.bytes.resize(file.bytes.size() - file.reserved);
  auto tail = file.bytes.size() - file.synced;
  if (tail > 0) {
    if (random.chance(70))
      file.bytes.resize(file.synced + random.below(tail + 1));
    auto size = file.bytes.size();
    // The last sector was being written.
    if (random.chance(30) && size > file.synced)
      spoil(file.bytes,
            std::max(file.synced, size - std::min(size, torn_write_max)), size,
            random);
    // A sector before it had not been written yet.
    if (random.chance(20) && size > file.synced) {
      auto first = file.synced + random.below(size - file.synced);
      auto last = (first / torn_write_max + 1) * torn_write_max;
      spoil(file.bytes, first, std::min(last, size), random);
    }
  }
  // The size is the durable one, or what it was changed to, or between.
  if (auto written = file.bytes.size();
      file.reserved > 0 || file.synced_size > written) {
    least = std::max(least, written);
    most = std::max(most, written);
    file.bytes.resize(least + random.below(most - least + 1));
  }
  file.lost.clear();
  file.reserved = 0;
  file.synced = file.synced_size = file.bytes.size();
}

void crash_directory(memory_node& directory, random_source& random) {
  auto in_order = random.chance(50);
  auto kept = random.below(directory.changes.size() + 1);
  for (std::size_t i = 0; i < directory.changes.size(); ++i)
    if (in_order ? i < kept : random.chance(50))
      directory.changes[i](directory.durable);
  directory.now = directory.durable;
  directory.changes.clear();
  for (auto& [name, node] : directory.now)
    if (node->is_directory)
      crash_directory(*node, random);
    else
      crash_file(*node, random);
}

} // namespace

memory_tree::memory_tree() : root_(std::make_shared<memory_node>()) {
  root_->is_directory = true;
}

std::shared_ptr<memory_node> memory_tree::find(std::string_view path) const {
  auto at = root_;
  while (at) {
    auto name = take_name(path);
    if (name.empty())
      return at;
    auto next = at->now.find(name);
    at = next == at->now.end() ? nullptr : next->second;
  }
  return nullptr;
}

std::shared_ptr<memory_node> memory_tree::parent_of(std::string_view path,
                                                    std::string& name) const {
  auto slash = path.rfind('/');
  name = path.substr(slash + 1);
  auto out = find(slash == std::string_view::npos ? "" : path.substr(0, slash));
  return out && out->is_directory ? out : nullptr;
}

bool memory_tree::change(memory_node& directory,
                         std::function<void(memory_node::entries&)> what) {
  what(directory.now);
  directory.changes.push_back(std::move(what));
  return true;
}

bool memory_tree::link(std::string_view path,
                       std::shared_ptr<memory_node> what) {
  std::string name;
  auto parent = parent_of(path, name);
  return parent && change(*parent, [name, what](auto& in) { in[name] = what; });
}

bool memory_tree::unlink(std::string_view path) {
  std::string name;
  auto parent = parent_of(path, name);
  return parent && parent->now.count(name) > 0
         && change(*parent, [name](auto& in) { in.erase(name); });
}

bool memory_tree::rename(std::string_view from, std::string_view to) {
  std::string old_name;
  std::string new_name;
  auto parent = parent_of(from, old_name);
  auto what = find(from);
  // LevelDB and the stores never move things to another directory.
  return what && parent == parent_of(to, new_name)
         && change(*parent, [old_name, new_name, what](auto& in) {
              in.erase(old_name);
              in[new_name] = what;
            });
}

bool memory_tree::sync_directory(std::string_view path) {
  auto directory = find(path);
  if (!directory || !directory->is_directory)
    return false;
  directory->durable = directory->now;
  directory->changes.clear();
  return true;
}

void memory_tree::write(memory_node& file, std::string_view bytes) {
  auto at = file.bytes.size() - file.reserved;
  auto inside = std::min(file.reserved, bytes.size());
  file.bytes.replace(at, inside, bytes);
  file.reserved -= inside;
}

void memory_tree::reserve(memory_node& file, std::size_t more) {
  file.bytes.append(more, '\0');
  file.reserved += more;
}

void memory_tree::give_back(memory_node& file) {
  file.bytes.resize(file.bytes.size() - file.reserved);
  file.reserved = 0;
}

void memory_tree::sync(memory_node& file) {
  file.synced = file.bytes.size() - file.reserved;
  file.synced_size = file.bytes.size();
}

void memory_tree::give_up(memory_node& file) {
  file.lost.emplace_back(file.synced, file.bytes.size() - file.reserved);
}

std::uint64_t memory_tree::bytes() const {
  std::uint64_t out = 0;
  auto add = [&out](const std::string&, const memory_node& file) {
    out += file.bytes.size();
  };
  visit_files(*root_, "", add);
  return out;
}

std::map<std::string, std::string> memory_tree::files() const {
  std::map<std::string, std::string> out;
  auto keep = [&out](const std::string& path, const memory_node& file) {
    out[path] = file.bytes;
  };
  visit_files(*root_, "", keep);
  return out;
}

void memory_tree::crash(random_source& random) {
  crash_directory(*root_, random);
}

} // namespace iris::sim
