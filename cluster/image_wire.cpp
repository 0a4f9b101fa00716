#include "cluster/image_wire.hpp"

#include "base/codec.hpp"

namespace iris::cluster {

namespace {

enum class kind : std::uint8_t {
  request = 1,
  piece = 2,
  refusal = 3,
  has = 4,
  differs = 5,
  holds = 6,
  held_differently = 7,
  ask = 8,
  lacks = 9,
  renew = 10,
};

void put(encoder& to, kind x) {
  to.u8(static_cast<std::uint8_t>(x));
}

void encode(const image_request& in, encoder& to) {
  put(to, kind::request);
  to.u64(in.copy).u64(in.min_index).bytes(in.after);
}

void encode(const image_piece& in, encoder& to) {
  put(to, kind::piece);
  to.u64(in.copy)
    .bytes(in.after)
    .u64(in.applied.index)
    .u64(in.applied.term)
    .u64(in.applied.checksum)
    .u64(in.configuration_index)
    .bytes(in.configuration)
    .varint(in.records.size());
  for (const auto& x : in.records)
    to.bytes(x.key).bytes(x.value);
}

void encode(const image_refusal& in, encoder& to) {
  put(to, kind::refusal);
  to.u64(in.copy)
    .u16(static_cast<std::uint16_t>(in.why.code))
    .bytes(in.why.context);
}

void encode(const checkpoint& in, kind as, encoder& to) {
  put(to, as);
  to.u64(in.index).u64(in.checksum);
}

void encode(const image_has& in, encoder& to) {
  auto held = in.of == compared::held;
  encode(in.what, held ? kind::holds : kind::has, to);
  if (held)
    to.bytes(in.damage);
}

void encode(const image_differs& in, encoder& to) {
  auto held = in.of == compared::held;
  encode(in.right, held ? kind::held_differently : kind::differs, to);
}

void encode(const image_ask& in, encoder& to) {
  put(to, kind::ask);
  to.u64(in.index);
}

void encode(const image_lacks& in, encoder& to) {
  put(to, kind::lacks);
  to.u64(in.index);
}

void encode(const image_renew& in, encoder& to) {
  put(to, kind::renew);
  to.u64(in.term);
}

error malformed(std::string_view bytes) {
  return {errc::corrupt,
          "expected a request for a shard's image, a piece of one, a refusal, "
          "a checkpoint or a question for one, or a wish for a later leader, "
          "got "
            + std::to_string(bytes.size()) + " other bytes"};
}

image_request decode_request(decoder& in) {
  image_request out;
  out.copy = in.u64();
  out.min_index = in.u64();
  out.after = in.bytes();
  return out;
}

image_piece decode_piece(decoder& in) {
  image_piece out;
  out.copy = in.u64();
  out.after = in.bytes();
  out.applied.index = in.u64();
  out.applied.term = in.u64();
  out.applied.checksum = in.u64();
  out.configuration_index = in.u64();
  out.configuration = in.bytes();
  // A count that is not true fails at the end of the input.
  for (auto left = in.varint(); left > 0 && !in.failed(); --left) {
    persistence::shard_record x;
    x.key = in.bytes();
    x.value = in.bytes();
    out.records.push_back(std::move(x));
  }
  return out;
}

image_refusal decode_refusal(decoder& in) {
  image_refusal out;
  out.copy = in.u64();
  out.why.code = static_cast<errc>(in.u16());
  out.why.context = in.bytes();
  return out;
}

checkpoint decode_checkpoint(decoder& in) {
  checkpoint out;
  out.index = in.u64();
  out.checksum = in.u64();
  return out;
}

} // namespace

void encode(const image_message& in, std::string& out) {
  encoder to{out};
  std::visit([&to](const auto& x) { encode(x, to); }, in);
}

result<image_message> decode_image_message(std::string_view bytes) {
  decoder in{bytes};
  auto whole = [&](auto found) -> result<image_message> {
    if (!in.done())
      return malformed(bytes);
    return image_message{std::move(found)};
  };
  switch (static_cast<kind>(in.u8())) {
  case kind::request:
    return whole(decode_request(in));
  case kind::piece:
    return whole(decode_piece(in));
  case kind::refusal:
    return whole(decode_refusal(in));
  case kind::has:
    return whole(image_has{decode_checkpoint(in)});
  case kind::differs:
    return whole(image_differs{decode_checkpoint(in)});
  case kind::holds: {
    image_has out{decode_checkpoint(in), compared::held};
    out.damage = in.bytes();
    return whole(std::move(out));
  }
  case kind::held_differently:
    return whole(image_differs{decode_checkpoint(in), compared::held});
  case kind::ask:
    return whole(image_ask{in.u64()});
  case kind::lacks:
    return whole(image_lacks{in.u64()});
  case kind::renew:
    return whole(image_renew{in.u64()});
  default:
    return malformed(bytes);
  }
}

} // namespace iris::cluster
