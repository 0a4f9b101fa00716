// What another node's process sends, as if anybody had written it.
#include "actors/node_frames.hpp"
#include "base/assert.hpp"

#include <cstdint>

using namespace iris;
using namespace iris::actors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  auto encoded = [](const node_frame& what) {
    return std::visit([](const auto& x) { return encode(x); }, what);
  };
  auto first = decode_node_frame({reinterpret_cast<const char*>(data), size});
  if (!first) {
    IRIS_ASSERT(first.failure().code == errc::bad_frame);
    IRIS_ASSERT(first.failure().context.find("expected") != std::string::npos);
    return 0;
  }
  // Numbers may be written longer than need be, so only the second copy is the
  // same.
  auto bytes = encoded(*first);
  IRIS_ASSERT(bytes.size() <= size);
  auto second = decode_node_frame(bytes);
  IRIS_ASSERT(bool(second));
  IRIS_ASSERT(encoded(*second) == bytes);
  return 0;
}
