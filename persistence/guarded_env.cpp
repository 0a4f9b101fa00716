#include "persistence/guarded_env.hpp"

#include "persistence/record_file.hpp"

#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

namespace iris::persistence {

using leveldb::Slice;
using leveldb::Status;

namespace {

std::string directory_of(const std::string& path) {
  auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_manifest(std::string_view name) {
  return name.starts_with("MANIFEST-");
}

/// The number in "000042.log".
std::optional<std::uint64_t> log_number(std::string_view name) {
  std::uint64_t number = 0;
  auto [end, failed] =
    std::from_chars(name.data(), name.data() + name.size(), number);
  if (failed != std::errc{}
      || std::string_view{end, name.data() + name.size()} != ".log")
    return std::nullopt;
  return number;
}

/// LevelDB's name for it has at least six digits.
std::string log_name(std::uint64_t number) {
  auto digits = std::to_string(number);
  if (digits.size() < 6)
    digits.insert(0, 6 - digits.size(), '0');
  return digits + ".log";
}

/// Bytes in memory, read like a file.
class memory_file final : public leveldb::SequentialFile {
public:
  explicit memory_file(std::string bytes) : bytes_(std::move(bytes)) {}

  Status Read(std::size_t n, Slice* out, char* scratch) override {
    n = std::min(n, bytes_.size() - at_);
    std::memcpy(scratch, bytes_.data() + at_, n);
    at_ += n;
    *out = Slice{scratch, n};
    return Status::OK();
  }

  Status Skip(std::uint64_t n) override {
    at_ += std::min<std::uint64_t>(n, bytes_.size() - at_);
    return Status::OK();
  }

private:
  const std::string bytes_;
  std::size_t at_ = 0;
};

} // namespace

class guarded_env::file final : public leveldb::WritableFile {
public:
  /// `reserve_bytes`: how much to reserve at a time; 0: nothing.
  file(guarded_env& env, std::unique_ptr<WritableFile> target, std::string path,
       std::uint64_t reserve_bytes)
    : env_(env), target_(std::move(target)), path_(std::move(path)),
      sync_at_close_(log_number(name_of(path_)) && env.rules_.sync_closed_logs),
      reserve_bytes_(reserve_bytes) {
    // nop
  }

  ~file() override {
    // LevelDB rolls over to a new log by deleting the old one's object.
    if (target_)
      Close();
  }

  Status Append(const Slice& data) override {
    synced_ = false;
    auto out = env_.guarded([&] { return target_->Append(data); });
    if (out.ok())
      reserve_behind(data.size());
    return out;
  }

  Status Flush() override {
    return env_.guarded([&] { return target_->Flush(); });
  }

  Status Sync() override {
    auto out = env_.guarded([&] { return target_->Sync(); });
    synced_ = out.ok();
    return out;
  }

  Status Close() override {
    auto out = sync_at_close_ && !synced_ ? Sync() : Status::OK();
    if (out.ok())
      out = env_.guarded([&] { return target_->Close(); });
    target_.reset();
    if (out.ok() && reserved_ > 0)
      out = env_.guarded([&] { return env_.disk_.truncate(path_, size_); });
    return out;
  }

private:
  /// LevelDB writes at its own place in the file, not at the file's end.
  void reserve_behind(std::size_t added) {
    size_ += added;
    if (size_ < reserved_ || reserve_bytes_ == 0)
      return;
    reserved_ = (size_ / reserve_bytes_ + 1) * reserve_bytes_;
    // It goes without: there may still be room for records.
    if (!env_.disk_.reserve(path_, reserved_))
      reserve_bytes_ = 0;
  }

  guarded_env& env_;
  std::unique_ptr<WritableFile> target_;
  const std::string path_;
  const bool sync_at_close_;
  std::uint64_t reserve_bytes_;
  std::uint64_t size_ = 0;
  std::uint64_t reserved_ = 0;
  bool synced_ = true;
};

guarded_env::guarded_env(disk& where, torn_tail tail)
  : EnvWrapper(&where.env()), disk_(where), tail_(tail), rules_(where.rules()) {
  // nop
}

Status guarded_env::failure() const {
  std::lock_guard guard{mutex_};
  return failure_;
}

template <class Work>
Status guarded_env::guarded(Work&& work) {
  if (failed_)
    return failure();
  auto out = work();
  if (!out.ok() && rules_.latch_failures) {
    std::lock_guard guard{mutex_};
    if (failure_.ok())
      failure_ = out;
    failed_ = true;
  }
  return out;
}

Status guarded_env::sync_directory_of(const std::string& path) {
  if (!rules_.sync_directories)
    return Status::OK();
  return disk_.sync_directory(directory_of(path));
}

Status guarded_env::open_for_writing(
  Status (leveldb::Env::*open)(const std::string&, leveldb::WritableFile**),
  const std::string& path, std::uint64_t reserve, leveldb::WritableFile** out) {
  *out = nullptr;
  return guarded([&] {
    leveldb::WritableFile* opened = nullptr;
    auto status = (target()->*open)(path, &opened);
    if (!status.ok())
      return status;
    std::unique_ptr<leveldb::WritableFile> owned{opened};
    status = sync_directory_of(path);
    if (status.ok())
      *out = std::make_unique<file>(*this, std::move(owned), path, reserve)
               .release();
    return status;
  });
}

Status guarded_env::NewWritableFile(const std::string& path,
                                    leveldb::WritableFile** out) {
  auto reserve = tail_ == torn_tail::last_record && log_number(name_of(path))
                   ? rules_.reserve_bytes
                   : 0;
  return open_for_writing(&leveldb::Env::NewWritableFile, path, reserve, out);
}

Status guarded_env::NewAppendableFile(const std::string& path,
                                      leveldb::WritableFile** out) {
  return open_for_writing(&leveldb::Env::NewAppendableFile, path, 0, out);
}

Status guarded_env::CreateDir(const std::string& path) {
  return guarded([&] {
    // Whoever made it may have failed to make its name durable.
    auto status =
      target()->FileExists(path) ? Status::OK() : target()->CreateDir(path);
    return status.ok() ? sync_directory_of(path) : status;
  });
}

Status guarded_env::RenameFile(const std::string& from, const std::string& to) {
  return guarded([&] {
    auto status = target()->RenameFile(from, to);
    return status.ok() ? sync_directory_of(to) : status;
  });
}

Status guarded_env::RemoveFile(const std::string& path) {
  return failed_ ? failure() : target()->RemoveFile(path);
}

Status guarded_env::LockFile(const std::string& path, leveldb::FileLock** out) {
  auto status = target()->LockFile(path, out);
  if (status.IsNotSupportedError())
    lock_refused_ = true;
  return status;
}

Status guarded_env::NewSequentialFile(const std::string& path,
                                      leveldb::SequentialFile** out) {
  auto name = name_of(path);
  auto is_log = log_number(name).has_value();
  if (!rules_.accept_torn_tails || (!is_log && !is_manifest(name)))
    return target()->NewSequentialFile(path, out);
  *out = nullptr;
  std::string bytes;
  auto status = leveldb::ReadFileToString(target(), path, &bytes);
  if (status.ok())
    status = is_log ? read_log(path, bytes) : read_manifest(path, bytes);
  if (status.ok())
    *out = std::make_unique<memory_file>(std::move(bytes)).release();
  return status;
}

Status guarded_env::read_log(const std::string& path, std::string& bytes) {
  auto readable = readable_bytes(bytes);
  // Zeros are what was reserved: a crash leaves them behind the last record.
  if (bytes.find_first_not_of('\0', readable) == std::string::npos) {
    bytes.resize(readable);
    return Status::OK();
  }
  auto newest = false;
  if (auto status = is_newest_log(path, newest); !status.ok())
    return status;
  if (!newest)
    return Status::Corruption(path, "a log was damaged after it was closed");
  if (tail_ == torn_tail::last_record && records_follow(bytes, readable))
    return Status::Corruption(path, "a record before the last is damaged");
  bytes.resize(readable);
  torn_ = true;
  return Status::OK();
}

/// Later logs are written only when this one is durable as a whole.
Status guarded_env::is_newest_log(const std::string& path, bool& out) {
  out = true;
  auto dir = directory_of(path);
  std::vector<std::string> names;
  auto status = target()->GetChildren(dir, &names);
  for (const auto& name : names) {
    std::uint64_t size = 0;
    auto number = log_number(name);
    if (!status.ok() || number <= log_number(name_of(path)))
      continue;
    status = target()->GetFileSize(dir + "/" + name, &size);
    out = out && size == 0;
  }
  return status;
}

Status guarded_env::read_manifest(const std::string& path, std::string& bytes) {
  auto readable = readable_bytes(bytes);
  if (records_follow(bytes, readable))
    return Status::Corruption(path, "a record before the last is damaged");
  bytes.resize(readable);
  auto log = log_number_of(bytes);
  if (log && !target()->FileExists(directory_of(path) + "/" + log_name(*log)))
    return Status::Corruption(path, log_name(*log) + " is missing");
  return Status::OK();
}

} // namespace iris::persistence
