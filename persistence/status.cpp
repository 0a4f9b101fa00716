#include "persistence/status.hpp"

#include <cerrno>
#include <system_error>

namespace iris::persistence {

namespace {

/// LevelDB keeps the text of an errno, not its number.
bool says(const std::string& text, int number) {
  return text.find(std::generic_category().message(number))
         != std::string::npos;
}

} // namespace

error to_error(const leveldb::Status& what, const std::string& where) {
  auto text = what.ToString();
  if (what.IsCorruption())
    return {errc::corrupt,
            where + ": " + text
              + "; expected undamaged files: restore a backup, or replace "
                "this node by a new one"};
  if (says(text, ENOSPC) || says(text, EDQUOT))
    return {errc::storage_full, where + ": " + text
                                  + "; expected room to write: free some, then "
                                    "restart the node"};
  if (says(text, EACCES))
    return {errc::io_failed, where + ": " + text
                               + "; expected files of the user who runs this: "
                                 "run it as their owner"};
  return {errc::io_failed, where + ": " + text
                             + "; expected the disk to work: mend it, then "
                               "restart the node"};
}

} // namespace iris::persistence
