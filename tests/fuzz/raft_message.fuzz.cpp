// Any bytes as messages of a Raft group. Seeds: one of each kind.
#include "base/assert.hpp"
#include "cluster/raft/wire.hpp"

using namespace iris;
using namespace iris::cluster::raft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  decoder in{{reinterpret_cast<const char*>(data), size}};
  while (!in.done()) {
    auto what = decode_message(in);
    if (!what) {
      IRIS_ASSERT(what.failure().code == errc::bad_frame);
      break;
    }
    // What was decoded is encoded to what is decoded to the same.
    std::string bytes, again;
    encode(*what, bytes);
    decoder from{bytes};
    auto second = decode_message(from);
    IRIS_ASSERT(second && from.done());
    encode(*second, again);
    IRIS_ASSERT(bytes == again);
  }
  return 0;
}
