#include "persistence/node_store.hpp"

#include "persistence/database.hpp"
#include "persistence/guarded_env.hpp"
#include "persistence/status.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace iris::persistence {

namespace {

/// What a look at the directory tells.
enum class plan {
  create, ///< nothing of a store is there
  resume, ///< a creation was interrupted
  open
};

/// The directory of one node, and what may be done with it.
class node_directory {
public:
  node_directory(const std::string& dir, const identity& expected, disk& where)
    : dir_(dir), expected_(expected), where_(where),
      env_(where, torn_tail::last_record) {
    // nop
  }

  result<plan> look();
  result<void> make_directory();
  result<node_store::lock> take_lock();
  result<void> write_draft();
  result<void> finish();
  /// As it is on disk, once there is one.
  const identity& self() const noexcept { return self_; }

private:
  std::string at(const char* name) const { return dir_ + "/" + name; }
  bool has(const char* name) { return env_.FileExists(at(name)); }
  result<plan> look_at_strangers();
  result<plan> look_at_draft();
  result<void> check_identity(const char* name);
  error fail(const leveldb::Status& status) { return to_error(status, dir_); }

  const std::string dir_;
  const identity& expected_;
  identity self_ = expected_;
  disk& where_;
  guarded_env env_;
};

constexpr auto identity_name = "IDENTITY";
constexpr auto draft_name = "IDENTITY.new";

result<plan> node_directory::look() {
  if (!env_.FileExists(dir_))
    return plan::create;
  if (has(identity_name)) {
    if (auto ok = check_identity(identity_name); !ok)
      return ok.failure();
    for (auto part : {"state", "log"})
      if (!has(part))
        return error{errc::store_missing,
                     dir_ + " has an IDENTITY but no " + part
                       + "/, expected a whole store: mount the right disk, or "
                         "restore a backup"};
    return plan::open;
  }
  if (has(draft_name))
    return look_at_draft();
  return look_at_strangers();
}

result<plan> node_directory::look_at_draft() {
  auto ok = check_identity(draft_name);
  // It is durable before anything else is made; alone, it may be one that
  // could not be synced, however well it reads now.
  auto alone = !has("state") && !has("log");
  if (alone && (ok || ok.failure().code == errc::corrupt))
    return plan::create;
  if (!ok)
    return ok.failure();
  return plan::resume;
}

result<plan> node_directory::look_at_strangers() {
  // A file system of its own has a lost+found.
  static constexpr std::array<std::string_view, 4> nothing{".", "..", "LOCK",
                                                           "lost+found"};
  std::vector<std::string> names;
  if (auto status = env_.GetChildren(dir_, &names); !status.ok())
    return fail(status);
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    if (name == "state" || name == "log")
      return error{errc::store_missing,
                   dir_ + " has " + name
                     + "/ but no IDENTITY, expected a whole store: restore "
                       "IDENTITY from a backup"};
    if (std::find(nothing.begin(), nothing.end(), name) == nothing.end())
      return error{errc::store_foreign,
                   dir_ + " holds " + name
                     + ", expected a store of Iris or an empty directory: "
                       "name another one"};
  }
  return plan::create;
}

result<void> node_directory::check_identity(const char* name) {
  std::string text;
  auto status = leveldb::ReadFileToString(&env_, at(name), &text);
  if (!status.ok())
    return fail(status);
  auto found = parse_identity(text);
  if (!found)
    return error{found.failure().code,
                 at(name) + ": " + found.failure().context};
  if (!same_node(*found, expected_))
    return error{errc::store_foreign,
                 dir_ + " belongs to " + describe(*found) + ", expected "
                   + describe(expected_)
                   + ": mount the right disk, or correct the configuration"};
  self_ = *std::move(found);
  return {};
}

result<void> node_directory::make_directory() {
  if (auto status = env_.CreateDir(dir_); !status.ok())
    return fail(status);
  return {};
}

result<node_store::lock> node_directory::take_lock() {
  leveldb::FileLock* taken = nullptr;
  auto status = env_.LockFile(at("LOCK"), &taken);
  if (env_.lock_was_refused())
    return error{errc::store_locked,
                 dir_
                   + " is in use, expected no other process to have it "
                     "open: stop the other one"};
  if (!status.ok())
    return fail(status);
  return node_store::lock{
    taken, [env = &where_.env()](leveldb::FileLock* x) { env->UnlockFile(x); }};
}

result<void> node_directory::write_draft() {
  self_ = expected_; // Whatever an earlier draft says, nobody has seen it.
  leveldb::WritableFile* opened = nullptr;
  auto status = env_.NewWritableFile(at(draft_name), &opened);
  std::unique_ptr<leveldb::WritableFile> file{opened};
  if (status.ok())
    status = file->Append(encode(self_));
  if (status.ok())
    status = file->Sync();
  if (status.ok())
    status = file->Close();
  if (!status.ok())
    return fail(status);
  return {};
}

result<void> node_directory::finish() {
  auto status = env_.RenameFile(at(draft_name), at(identity_name));
  if (!status.ok())
    return fail(status);
  return {};
}

/// A log was given up only where others have the shard.
bool others_have(const node_store& store, shard_id shard,
                 const node_options& how) {
  if (how.others_have)
    if (auto log = store.log->load(shard))
      return lost(*log) || how.others_have(*log);
  return store.self.store != 0 && store.self.founders.size() != 1;
}

result<void> check_floors(const node_store& store, const identity& who,
                          const std::string& dir, const node_options& how) {
  for (shard_id shard; shard.value < who.shards; ++shard.value) {
    auto floor = store.log->floor(shard);
    if (!floor)
      return floor.failure();
    auto applied = store.state->applied(shard);
    // Whom other nodes can help finds it again, shard by shard.
    if (!applied && applied.failure().code == errc::corrupt
        && others_have(store, shard, how))
      continue;
    if (!applied)
      return applied.failure();
    auto incomplete = store.state->incomplete(shard);
    if (!incomplete)
      return incomplete.failure();
    // It is copied from another node anew.
    if (!*incomplete && applied->index < floor->index)
      return error{errc::corrupt,
                   dir + ": the state of shard " + std::to_string(shard.value)
                     + " ends at entry " + std::to_string(applied->index)
                     + ", expected at least " + std::to_string(floor->index)
                     + ", where its log begins: restore a backup of both, or "
                       "replace this node by a new one"};
  }
  return {};
}

template <class Store>
result<void> open_part(std::unique_ptr<Store>& to, const std::string& dir,
                       disk& where, const store_options& how) {
  auto opened = Store::open(dir, where, how);
  if (!opened)
    return opened.failure();
  to = *std::move(opened);
  return {};
}

} // namespace

std::size_t descriptors_max(const node_options& options) {
  // Another LOCK.
  return database::descriptors_max(options.state)
         + database::descriptors_max(options.log) + 1;
}

result<node_store> node_store::open(const std::string& dir,
                                    const identity& expected, disk& where,
                                    node_options options) {
  node_directory files{dir, expected, where};
  // Before the lock, which makes a file: not in somebody else's directory.
  if (auto found = files.look(); !found)
    return found.failure();
  if (auto ok = files.make_directory(); !ok)
    return ok.failure();
  auto taken = files.take_lock();
  if (!taken)
    return taken.failure();
  node_store out;
  out.lock_ = *std::move(taken);
  // Another process may have been at work until now.
  auto found = files.look();
  if (!found)
    return found.failure();
  if (*found == plan::create)
    if (auto ok = files.write_draft(); !ok)
      return ok.failure();
  options.state.may_create = options.log.may_create = *found != plan::open;
  if (auto ok = open_part(out.state, dir + "/state", where, options.state); !ok)
    return ok.failure();
  if (auto ok = open_part(out.log, dir + "/log", where, options.log); !ok)
    return ok.failure();
  if (*found != plan::open)
    if (auto ok = files.finish(); !ok)
      return ok.failure();
  out.self = files.self();
  if (auto ok = check_floors(out, expected, dir, options); !ok)
    return ok.failure();
  return out;
}

} // namespace iris::persistence
