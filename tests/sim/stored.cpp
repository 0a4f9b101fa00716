#include "tests/sim/stored.hpp"

#include "persistence/record_file.hpp"
#include "persistence/status.hpp"
#include "tests/sim/memory_disk.hpp"

#include <leveldb/db.h>

namespace iris::sim {

namespace {

/// Of a file of records, what a crash left whole.
std::string whole(const std::string& path, const std::string& bytes) {
  auto records =
    path.ends_with(".log") || path.find("/MANIFEST-") != std::string::npos;
  return records ? bytes.substr(0, persistence::readable_bytes(bytes)) : bytes;
}

result<void> read_database(memory_disk& disk, const std::string& dir,
                           const std::string& name, stored_content& out) {
  leveldb::Options how;
  how.env = &disk.env();
  leveldb::DB* opened = nullptr;
  auto status = leveldb::DB::Open(how, dir + "/" + name, &opened);
  std::unique_ptr<leveldb::DB> db{opened};
  disk.settle();
  if (!status.ok())
    return persistence::to_error(status, dir);
  leveldb::ReadOptions verified;
  verified.verify_checksums = true;
  std::unique_ptr<leveldb::Iterator> i{db->NewIterator(verified)};
  for (i->SeekToFirst(); i->Valid(); i->Next())
    out[name + "/" + i->key().ToString()] = i->value().ToString();
  status = i->status();
  i.reset();
  disk.settle();
  if (!status.ok())
    return persistence::to_error(status, dir);
  return {};
}

} // namespace

result<stored_content>
read_stored(const std::map<std::string, std::string>& files,
            const std::string& dir) {
  stored_content out;
  memory_disk copy;
  for (const auto& [path, bytes] : files)
    copy.plant(path, whole(path, bytes));
  if (auto found = files.find(dir + "/IDENTITY"); found != files.end())
    out["IDENTITY"] = found->second;
  for (const std::string name : {"state", "log"})
    if (files.contains(dir + "/" + name + "/CURRENT"))
      if (auto ok = read_database(copy, dir, name, out); !ok)
        return ok.failure();
  return out;
}

} // namespace iris::sim
