#pragma once

#include "tests/sim/memory_disk.hpp"

#include <functional>
#include <string>

namespace iris::sim {

/// Damage to a file of a node's store that is at rest: bits flip, blocks change
/// places or are zeros, the end is gone. All of it has to be noticed, but what
/// befalls the last record of a log: it looks as if the power had failed in
/// that write (log_store::tail_was_torn). So the log of consensus keeps that.
class decay {
public:
  /// Says what it did. Precondition: the store was opened before.
  std::string strike(memory_disk& disk, random_source& random);
  /// Puts back what was there, unless the file has been replaced since.
  void mend();

private:
  std::function<void()> mend_ = [] {};
};

} // namespace iris::sim
