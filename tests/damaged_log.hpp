#pragma once

#include "persistence/log_format.hpp"

#include <doctest/doctest.h>
#include <leveldb/db.h>

#include <limits>
#include <memory>
#include <string>

namespace iris::test {

/// The last entry that a shard has in the database log/ in `dir` is none any
/// more. Precondition: nobody else has it open.
inline void damage_log(const std::string& dir, shard_id which,
                       leveldb::Env* env = leveldb::Env::Default()) {
  leveldb::Options how;
  how.env = env;
  leveldb::DB* opened = nullptr;
  REQUIRE(leveldb::DB::Open(how, dir, &opened).ok());
  std::unique_ptr<leveldb::DB> db{opened};
  std::unique_ptr<leveldb::Iterator> at{db->NewIterator({})};
  auto end =
    persistence::entry_key(which, std::numeric_limits<std::uint64_t>::max());
  at->Seek(end);
  if (at->Valid())
    at->Prev();
  else
    at->SeekToLast();
  REQUIRE(at->Valid());
  REQUIRE(at->key().starts_with(persistence::entry_key(which, 0).substr(0, 3)));
  leveldb::WriteOptions synced;
  synced.sync = true;
  REQUIRE(db->Put(synced, at->key(), "no entry").ok());
}

} // namespace iris::test
