#include "persistence/status.hpp"

#include <doctest/doctest.h>

namespace status_test {

using namespace iris;
using leveldb::Status;

TEST_CASE("LevelDB's failures keep their text and get a way out") {
  using persistence::to_error;

  CHECK(to_error(Status::IOError("/x/1.log", "Input/output error"), "/x")
        == error{errc::io_failed,
                 "/x: IO error: /x/1.log: Input/output error; expected the "
                 "disk to work: mend it, then restart the node"});
  CHECK(to_error(Status::Corruption("/x/1.ldb", "bad block"), "/x")
        == error{errc::corrupt,
                 "/x: Corruption: /x/1.ldb: bad block; expected undamaged "
                 "files: restore a backup, or replace this node by a new one"});
  CHECK(to_error(Status::IOError("/x/LOCK", "Permission denied"), "/x")
        == error{errc::io_failed,
                 "/x: IO error: /x/LOCK: Permission denied; expected files of "
                 "the user who runs this: run it as their owner"});
  for (auto full : {"No space left on device", "Disk quota exceeded"})
    CHECK(to_error(Status::IOError("/x/1.log", full), "/x").code
          == errc::storage_full);
}

} // namespace status_test
