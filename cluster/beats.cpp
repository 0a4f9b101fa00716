#include "cluster/beats.hpp"

namespace iris::cluster {

pace pace_of(const raft::message& what) {
  return what.what == raft::message::kind::append && what.entries.empty()
           ? pace::lingering
           : pace::soon;
}

std::chrono::nanoseconds next_look(std::chrono::nanoseconds now,
                                   std::chrono::nanoseconds due, bool leads,
                                   std::chrono::nanoseconds moments) {
  auto behind = due % moments;
  auto before = due - behind;
  if (leads)
    return behind.count() == 0 ? due : before + moments;
  return before > now ? before : due;
}

} // namespace iris::cluster
