#include "persistence/directories.hpp"

#include "persistence/guarded_env.hpp"
#include "persistence/status.hpp"

namespace iris::persistence {

namespace {

/// Each name is durable before anything is made below it. So of those that are
/// there already, only the last one's may not be.
leveldb::Status make(const std::filesystem::path& dir, guarded_env& env) {
  auto above = dir.parent_path();
  if (!above.empty() && above != dir && !env.FileExists(dir.string()))
    if (auto status = make(above, env); !status.ok())
      return status;
  return env.CreateDir(dir.string());
}

} // namespace

result<void> make_directories(const std::filesystem::path& dir, disk& where) {
  guarded_env env{where, torn_tail::last_record};
  if (auto status = make(dir, env); !status.ok())
    return error{to_error(status, dir.string()).code,
                 "can't make " + dir.string() + " (" + status.ToString()
                   + "): expected a directory to write to"};
  return {};
}

} // namespace iris::persistence
