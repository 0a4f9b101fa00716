#include "cluster/links/introduction.hpp"

#include "base/codec.hpp"
#include "config/client_url.hpp"

#include <algorithm>

namespace iris::cluster {

namespace {

void put_urls(std::string& out, const std::vector<std::string>& urls) {
  auto count = std::min(urls.size(), config::client_urls_max);
  encoder to{out};
  to.u8(static_cast<std::uint8_t>(count));
  for (std::size_t i = 0; i < count; ++i)
    to.bytes(urls[i]);
}

/// A later version may know more of them, or other ones: those are left out.
std::vector<std::string> take_urls(decoder& in) {
  std::vector<std::string> out;
  for (auto left = in.u8(); left > 0; --left)
    if (auto url = in.bytes();
        out.size() < config::client_urls_max && config::is_client_url(url))
      out.emplace_back(url);
  return out;
}

} // namespace

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
  put_urls(out, x.from.urls);
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
  if (!in.done())
    out.from.urls = take_urls(in);
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
