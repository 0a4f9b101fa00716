// Any bytes as the map of a cluster. Seeds: one node, six, one removed, in both
// formats, one dropped, a later format.
#include "cluster/cluster_map.hpp"
#include "base/assert.hpp"

using namespace iris;
using namespace iris::cluster;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto first = decode_cluster_map({reinterpret_cast<const char*>(data), size});
  if (!first) {
    auto later = size > 0 && data[0] > 2;
    IRIS_ASSERT(first.failure().code
                == (later ? errc::store_newer : errc::corrupt));
    return 0;
  }
  // Numbers may be written longer than need be; format 1 has less of them.
  auto bytes = encode(*first);
  IRIS_ASSERT(bytes.size() <= size || data[0] == 1);
  auto second = decode_cluster_map(bytes);
  IRIS_ASSERT(second && *second == *first);
  return 0;
}
