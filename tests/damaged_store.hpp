#pragma once

#include "persistence/log_format.hpp"

#include <doctest/doctest.h>
#include <leveldb/db.h>

#include <limits>
#include <memory>
#include <string>

/// Values in a store that are none any more. Precondition: nobody has it open.
namespace iris::test {

inline std::unique_ptr<leveldb::DB> open_database(const std::string& dir,
                                                  leveldb::Env* env) {
  leveldb::Options how;
  how.env = env;
  leveldb::DB* opened = nullptr;
  REQUIRE(leveldb::DB::Open(how, dir, &opened).ok());
  return std::unique_ptr<leveldb::DB>{opened};
}

inline void damage(leveldb::DB& in, const leveldb::Slice& key) {
  leveldb::WriteOptions synced;
  synced.sync = true;
  REQUIRE(in.Put(synced, key, "no value").ok());
}

inline void damage(const std::string& dir, const std::string& key,
                   leveldb::Env* env = leveldb::Env::Default()) {
  damage(*open_database(dir, env), key);
}

/// The last entry that a shard has in the database log/ in `dir`.
inline void damage_log(const std::string& dir, shard_id which,
                       leveldb::Env* env = leveldb::Env::Default()) {
  auto db = open_database(dir, env);
  std::unique_ptr<leveldb::Iterator> at{db->NewIterator({})};
  at->Seek(
    persistence::entry_key(which, std::numeric_limits<std::uint64_t>::max()));
  if (at->Valid())
    at->Prev();
  else
    at->SeekToLast();
  REQUIRE(at->Valid());
  REQUIRE(at->key().starts_with(persistence::entry_key(which, 0).substr(0, 3)));
  damage(*db, at->key());
}

} // namespace iris::test
