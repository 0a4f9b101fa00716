#include "tests/sim/memory_disk.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace iris::sim {

using leveldb::Slice;
using leveldb::Status;

namespace {

Status missing(const std::string& path) {
  return Status::NotFound(path, "no such file or directory");
}

std::shared_ptr<memory_node> make_node(bool is_directory) {
  auto out = std::make_shared<memory_node>();
  out->is_directory = is_directory;
  return out;
}

} // namespace

std::string_view to_string(io kind) noexcept {
  constexpr std::array<std::string_view, io_kinds> names{
    "create", "open",   "read",           "list", "write",   "sync",    "close",
    "rename", "remove", "sync directory", "lock", "reserve", "truncate"};
  return names[static_cast<std::size_t>(kind)];
}

/// The file system as one run of the process sees it.
class memory_disk::session final : public leveldb::Env {
public:
  explicit session(memory_disk& disk) : disk_(disk) {}

  bool alive = true;

  /// As memory_disk::call, for the living.
  template <class... Effects>
  Status call(io kind, const std::string& path, Effects&&... effects) {
    if (!alive)
      return Status::IOError(path, "the process is dead");
    return disk_.call(kind, path, std::forward<Effects>(effects)...);
  }
  memory_disk& disk() noexcept { return disk_; }

  Status NewSequentialFile(const std::string& path,
                           leveldb::SequentialFile** out) override;
  Status NewRandomAccessFile(const std::string& path,
                             leveldb::RandomAccessFile** out) override;
  Status NewWritableFile(const std::string& path,
                         leveldb::WritableFile** out) override;
  bool FileExists(const std::string& path) override;
  Status GetChildren(const std::string& dir,
                     std::vector<std::string>* out) override;
  Status RemoveFile(const std::string& path) override;
  Status CreateDir(const std::string& path) override;
  Status RemoveDir(const std::string& path) override;
  Status GetFileSize(const std::string& path, std::uint64_t* size) override;
  Status RenameFile(const std::string& from, const std::string& to) override;
  Status LockFile(const std::string& path, leveldb::FileLock** out) override;
  Status UnlockFile(leveldb::FileLock* lock) override;
  void Schedule(void (*work)(void*), void* arg) override;
  void StartThread(void (*work)(void*), void* arg) override;
  Status GetTestDirectory(std::string* path) override;
  Status NewLogger(const std::string& path, leveldb::Logger** out) override;
  std::uint64_t NowMicros() override { return ++disk_.now_us_; }
  void SleepForMicroseconds(int us) override {
    disk_.now_us_ += static_cast<std::uint64_t>(us);
  }

private:
  template <class File, class Interface>
  Status open(const std::string& path, Interface** out);

  memory_disk& disk_;
};

class memory_disk::writable final : public leveldb::WritableFile {
public:
  writable(session& by, std::string path, std::shared_ptr<memory_node> file)
    : by_(by), path_(std::move(path)), file_(std::move(file)) {
    // nop
  }

  Status Append(const Slice& data) override {
    std::string_view bytes{data.data(), data.size()};
    return by_.call(
      io::write, path_, [&] { return by_.disk().append(*file_, path_, bytes); },
      [&] { memory_tree::write(*file_, bytes.substr(0, bytes.size() / 2)); });
  }

  Status Sync() override {
    return by_.call(
      io::sync, path_,
      [&] {
        memory_tree::sync(*file_);
        return Status::OK();
      },
      [&] { memory_tree::give_up(*file_); });
  }

  Status Close() override {
    return by_.call(io::close, path_, [] { return Status::OK(); });
  }

  Status Flush() override { return Status::OK(); }

private:
  session& by_;
  const std::string path_;
  const std::shared_ptr<memory_node> file_;
};

class memory_disk::sequential final : public leveldb::SequentialFile {
public:
  sequential(session& by, std::string path, std::shared_ptr<memory_node> file)
    : by_(by), path_(std::move(path)), file_(std::move(file)) {
    // nop
  }

  Status Read(std::size_t n, Slice* out, char* scratch) override {
    return by_.call(io::read, path_, [&] {
      n = std::min(n, file_->bytes.size() - at_);
      std::memcpy(scratch, file_->bytes.data() + at_, n);
      at_ += n;
      *out = Slice{scratch, n};
      return Status::OK();
    });
  }

  Status Skip(std::uint64_t n) override {
    at_ += std::min<std::uint64_t>(n, file_->bytes.size() - at_);
    return Status::OK();
  }

private:
  session& by_;
  const std::string path_;
  const std::shared_ptr<memory_node> file_;
  std::size_t at_ = 0;
};

class memory_disk::random_access final : public leveldb::RandomAccessFile {
public:
  random_access(session& by, std::string path,
                std::shared_ptr<memory_node> file)
    : by_(by), path_(std::move(path)), file_(std::move(file)) {
    // nop
  }

  Status Read(std::uint64_t offset, std::size_t n, Slice* out,
              char* scratch) const override {
    return by_.call(io::read, path_, [&] {
      auto first = std::min<std::uint64_t>(offset, file_->bytes.size());
      auto size = std::min(n, file_->bytes.size() - first);
      std::memcpy(scratch, file_->bytes.data() + first, size);
      *out = Slice{scratch, size};
      return Status::OK();
    });
  }

private:
  session& by_;
  const std::string path_;
  const std::shared_ptr<memory_node> file_;
};

struct memory_disk::held_lock final : leveldb::FileLock {
  explicit held_lock(std::string locked) : path(std::move(locked)) {}
  const std::string path;
};

// -- session ------------------------------------------------------------------

template <class File, class Interface>
Status memory_disk::session::open(const std::string& path, Interface** out) {
  *out = nullptr;
  return call(io::open, path, [&] {
    auto file = disk_.tree_.find(path);
    if (!file || file->is_directory)
      return missing(path);
    *out = std::make_unique<File>(*this, path, file).release();
    return Status::OK();
  });
}

Status memory_disk::session::NewSequentialFile(const std::string& path,
                                               leveldb::SequentialFile** out) {
  return open<sequential>(path, out);
}

Status
memory_disk::session::NewRandomAccessFile(const std::string& path,
                                          leveldb::RandomAccessFile** out) {
  return open<random_access>(path, out);
}

Status memory_disk::session::NewWritableFile(const std::string& path,
                                             leveldb::WritableFile** out) {
  *out = nullptr;
  auto status = call(io::create, path, [&] {
    if (disk_.limit_ != no_limit && disk_.tree_.bytes() >= disk_.limit_)
      return disk_.append(*make_node(false), path, " ");
    return disk_.tree_.link(path, make_node(false)) ? Status::OK()
                                                    : missing(path);
  });
  if (status.ok())
    *out =
      std::make_unique<writable>(*this, path, disk_.tree_.find(path)).release();
  return status;
}

bool memory_disk::session::FileExists(const std::string& path) {
  return alive && disk_.tree_.find(path) != nullptr;
}

Status memory_disk::session::GetChildren(const std::string& dir,
                                         std::vector<std::string>* out) {
  out->clear();
  return call(io::list, dir, [&] {
    auto found = disk_.tree_.find(dir);
    if (!found || !found->is_directory)
      return missing(dir);
    for (const auto& x : found->now)
      out->push_back(x.first);
    return Status::OK();
  });
}

Status memory_disk::session::RemoveFile(const std::string& path) {
  return call(io::remove, path, [&] {
    return disk_.tree_.unlink(path) ? Status::OK() : missing(path);
  });
}

Status memory_disk::session::CreateDir(const std::string& path) {
  return call(io::create, path, [&] {
    if (disk_.tree_.find(path))
      return Status::IOError(path, "exists");
    return disk_.tree_.link(path, make_node(true)) ? Status::OK()
                                                   : missing(path);
  });
}

Status memory_disk::session::RemoveDir(const std::string& path) {
  return Status::NotSupported(path, "no store removes a directory");
}

Status memory_disk::session::GetFileSize(const std::string& path,
                                         std::uint64_t* size) {
  return call(io::list, path, [&] {
    auto file = disk_.tree_.find(path);
    if (!file)
      return missing(path);
    *size = file->bytes.size();
    return Status::OK();
  });
}

Status memory_disk::session::RenameFile(const std::string& from,
                                        const std::string& to) {
  return call(io::rename, from, [&] {
    return disk_.tree_.rename(from, to) ? Status::OK() : missing(from);
  });
}

Status memory_disk::session::LockFile(const std::string& path,
                                      leveldb::FileLock** out) {
  *out = nullptr;
  return call(io::lock, path, [&] {
    if (!disk_.tree_.find(path) && !disk_.tree_.link(path, make_node(false)))
      return missing(path);
    if (!disk_.locks_.insert(path).second)
      return persistence::lock_is_held(path);
    *out = std::make_unique<held_lock>(path).release();
    return Status::OK();
  });
}

Status memory_disk::session::UnlockFile(leveldb::FileLock* lock) {
  std::unique_ptr<held_lock> owned{static_cast<held_lock*>(lock)};
  if (alive)
    disk_.locks_.erase(owned->path);
  return Status::OK();
}

void memory_disk::session::Schedule(void (*work)(void*), void* arg) {
  disk_.background_.emplace_back(work, arg);
}

void memory_disk::session::StartThread(void (*work)(void*), void* arg) {
  Schedule(work, arg);
}

Status memory_disk::session::GetTestDirectory(std::string* path) {
  return Status::NotSupported(*path, "the whole disk is for tests");
}

Status memory_disk::session::NewLogger(const std::string& path,
                                       leveldb::Logger**) {
  return Status::NotSupported(path, "stores write no such log");
}

// -- disk ---------------------------------------------------------------------

memory_disk::memory_disk(std::uint64_t seed) : random_(seed) {
  begin_session();
}

memory_disk::~memory_disk() = default;

void memory_disk::begin_session() {
  if (!sessions_.empty())
    sessions_.back()->alive = false;
  sessions_.push_back(std::make_unique<session>(*this));
  locks_.clear();
  fails_at_ = off_at_ = never;
  off_ = false;
}

leveldb::Env& memory_disk::env() {
  return *sessions_.back();
}

memory_disk::nth memory_disk::absolute(nth call) const noexcept {
  call.n += call.kind ? count(*call.kind) : calls_;
  return call;
}

bool memory_disk::is_now(const nth& call, io kind) const noexcept {
  return call.kind ? call.kind == kind && call.n == count(kind)
                   : call.n == calls_;
}

Status
memory_disk::last_call(io kind, const std::string& path,
                       const std::function<leveldb::Status()>& carry_out) {
  off_ = true;
  auto is_sync = kind == io::sync || kind == io::sync_directory;
  if (cutting_ == cut::after || (cutting_ == cut::during && !is_sync))
    static_cast<void>(carry_out());
  return Status::IOError(path, "the power went off");
}

template <class Effect, class Undone>
Status memory_disk::call(io kind, const std::string& path, Effect&& carry_out,
                         Undone&& undone) {
  if (off_)
    return Status::IOError(path, "the power is off");
  ++calls_;
  ++counts_[static_cast<std::size_t>(kind)];
  if (is_now(off_at_, kind))
    return last_call(kind, path, carry_out);
  auto fails = is_now(fails_at_, kind);
  if (fails)
    fault_hit_ = kind;
  if (fails && failing_ == effect::none) {
    undone();
    return Status::IOError(path, "a planned fault");
  }
  auto status = carry_out();
  return fails ? Status::IOError(path, "a planned fault, all done") : status;
}

template <class Effect>
Status memory_disk::call(io kind, const std::string& path, Effect&& carry_out) {
  return call(kind, path, std::forward<Effect>(carry_out), [] {});
}

Status memory_disk::append(memory_node& file, const std::string& path,
                           std::string_view bytes) {
  auto most = file.reserved + std::min<std::uint64_t>(room(), bytes.size());
  memory_tree::write(file, bytes.substr(0, most));
  if (most < bytes.size())
    return Status::IOError(path, std::generic_category().message(ENOSPC));
  return Status::OK();
}

Status memory_disk::sync_directory(const std::string& dir) {
  return call(io::sync_directory, dir, [&] {
    return tree_.sync_directory(dir) ? Status::OK() : missing(dir);
  });
}

bool memory_disk::reserve(const std::string& path, std::uint64_t size) {
  auto done = call(io::reserve, path, [&] {
    auto file = tree_.find(path);
    if (!file)
      return missing(path);
    auto more = size - std::min<std::uint64_t>(size, file->bytes.size());
    memory_tree::reserve(*file, std::min(more, room()));
    return more <= room() ? Status::OK() : Status::IOError(path, "no room");
  });
  return done.ok();
}

Status memory_disk::truncate(const std::string& path, std::uint64_t size) {
  return call(io::truncate, path, [&] {
    auto file = tree_.find(path);
    if (!file)
      return missing(path);
    IRIS_ASSERT(size == file->bytes.size() - file->reserved);
    memory_tree::give_back(*file);
    return Status::OK();
  });
}

void memory_disk::settle() {
  while (!held_ && !background_.empty()) {
    auto [work, arg] = background_.front();
    background_.pop_front();
    work(arg);
  }
}

void memory_disk::hold_background(bool yes) {
  held_ = yes;
  settle();
}

std::uint64_t memory_disk::free_bytes(const std::string&) {
  return room();
}

std::uint64_t memory_disk::room() const {
  constexpr std::uint64_t plenty = std::uint64_t{1} << 40;
  return limit_ == no_limit ? plenty : limit_ - std::min(limit_, tree_.bytes());
}

void memory_disk::crash(random_source& random) {
  tree_.crash(random);
  begin_session();
}

void memory_disk::kill() {
  begin_session();
}

void memory_disk::fail_at(nth call, effect what) {
  fails_at_ = absolute(call);
  fault_hit_.reset();
  failing_ = what;
}

void memory_disk::power_off_at(nth call, cut when) {
  off_at_ = absolute(call);
  cutting_ = when;
}

void memory_disk::full_after(std::uint64_t bytes) {
  limit_ = tree_.bytes() + bytes;
}

void memory_disk::flip_bit(const std::string& path, std::size_t offset,
                           unsigned bit) {
  auto file = tree_.find(path);
  IRIS_ASSERT(file && offset < file->bytes.size() && bit < 8);
  file->bytes[offset] = static_cast<char>(file->bytes[offset] ^ (1U << bit));
}

std::function<void()> memory_disk::replace(const std::string& path,
                                           std::string bytes) {
  auto file = tree_.find(path);
  IRIS_ASSERT(file && !file->is_directory);
  auto before = std::exchange(file->bytes, bytes);
  file->reserved = 0;
  memory_tree::sync(*file);
  return [this, path, file, before, damaged = std::move(bytes)] {
    if (tree_.find(path) != file || file->bytes != damaged)
      return;
    file->bytes = before;
    memory_tree::sync(*file);
  };
}

void memory_disk::plant(const std::string& path, const std::string& bytes) {
  for (auto slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    auto dir = path.substr(0, slash);
    if (!tree_.find(dir))
      tree_.link(dir, make_node(true));
    tree_.sync_directory(dir.substr(0, dir.rfind('/')));
  }
  auto file = make_node(false);
  file->bytes = bytes;
  memory_tree::sync(*file);
  tree_.link(path, file);
  tree_.sync_directory(path.substr(0, path.rfind('/')));
}

void memory_disk::become(const std::map<std::string, std::string>& files) {
  tree_ = {};
  for (const auto& [path, bytes] : files)
    plant(path, bytes);
}

std::uint64_t memory_disk::count(io kind) const {
  return counts_[static_cast<std::size_t>(kind)];
}

} // namespace iris::sim
