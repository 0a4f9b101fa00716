#include "base/assert.hpp"
#include "protocol/codec.hpp"
#include "protocol/framer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace iris;
using namespace iris::protocol;

namespace {

/// Whatever was decoded is encoded to what is decoded to the same.
template <class Decode>
void check_round_trip(std::string_view bytes, Decode decode) {
  auto first = decode(bytes);
  if (!first) {
    IRIS_ASSERT(!first.failure().context.empty());
    reference_of(bytes);
    return;
  }
  std::string encoded;
  encode(*first, encoded);
  auto second = decode(encoded);
  IRIS_ASSERT(bool(second));
  IRIS_ASSERT(*first == *second);
  std::string again;
  encode(*second, again);
  IRIS_ASSERT(encoded == again);
}

struct splitting {
  std::vector<std::string> frames;
  errc failure = errc::none;
  bool operator==(const splitting&) const = default;
};

splitting split(std::string_view stream, std::size_t chunk_bytes) {
  constexpr std::uint32_t frame_max = 512;
  framer splitter{frame_max};
  splitting out;
  while (!stream.empty()) {
    auto chunk = stream.substr(0, chunk_bytes);
    stream.remove_prefix(chunk.size());
    auto well = splitter.feed(chunk, [&](std::string_view frame) {
      out.frames.emplace_back(frame);
      return true;
    });
    IRIS_ASSERT(splitter.pending() < frame_max + 4);
    if (!well) {
      out.failure = well.failure().code;
      break;
    }
  }
  return out;
}

void check_splitting(std::string_view stream) {
  if (stream.empty())
    return;
  auto chunk_bytes = static_cast<std::uint8_t>(stream[0]) + 1U;
  stream.remove_prefix(1);
  IRIS_ASSERT(split(stream, chunk_bytes) == split(stream, stream.size()));
}

} // namespace

/// Input: what the rest is (0 a client's frame, 1 a node's, 2 an item, 3 a
/// stream, which begins with the length of its chunks), and the rest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0)
    return 0;
  std::string_view rest{reinterpret_cast<const char*>(data + 1), size - 1};
  switch (data[0] % 4) {
  case 0:
    check_round_trip(rest, decode_client);
    break;
  case 1:
    check_round_trip(rest, decode_server);
    break;
  case 2:
    check_round_trip(rest, decode_item);
    break;
  default:
    check_splitting(rest);
  }
  return 0;
}
