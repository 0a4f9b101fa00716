#include "cluster/links/introduction.hpp"

#include "base/codec.hpp"

#include <algorithm>

namespace iris::cluster {

std::string encode(const introduction& x) {
  std::string out;
  encoder{out}
    .u8(x.speaks.min)
    .u8(x.speaks.max)
    .u64(x.from.node.value)
    .bytes(x.cluster)
    .u64(x.to.value)
    .u64(x.from.store)
    .u64(x.from.incarnation)
    .u64(x.from.founding)
    .bytes(x.from.past)
    .bytes(x.nonce)
    .u16(x.from.shards);
  return out;
}

result<introduction> decode_introduction(std::string_view words) {
  decoder in{words};
  introduction out;
  out.speaks.min = in.u8();
  out.speaks.max = in.u8();
  out.from.node = {in.u64()};
  out.cluster = in.bytes();
  out.to = {in.u64()};
  out.from.store = in.u64();
  out.from.incarnation = in.u64();
  out.from.founding = in.u64();
  out.from.past = in.bytes();
  out.nonce = in.bytes();
  if (!in.done())
    out.from.shards = in.u16();
  if (in.failed())
    return error{errc::bad_frame, "it says less of itself than expected"};
  return out;
}

std::uint8_t common_version(const frame_versions& one,
                            const frame_versions& other) {
  auto out = std::min(one.max, other.max);
  return out < std::max(one.min, other.min) ? std::uint8_t{0} : out;
}

} // namespace iris::cluster
