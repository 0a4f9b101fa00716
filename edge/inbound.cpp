#include "edge/inbound.hpp"

#include "actors/refusals.hpp"
#include "protocol/codec.hpp"

namespace iris::edge {

void broken(actors::inbound& to, const error& why) {
  auto frame = actors::to_frame(why);
  frame.fatal = true;
  to.frames.emplace_back(std::move(frame));
}

bool decode_into(actors::inbound& to, std::string_view frame) {
  auto decoded = protocol::decode_client(frame);
  if (decoded) {
    to.frames.emplace_back(std::move(*decoded));
    return true;
  }
  if (decoded.failure().code == errc::bad_frame) {
    broken(to, decoded.failure());
    return false;
  }
  // One bad field costs one frame; its error names what it was.
  auto refusal = actors::to_frame(decoded.failure());
  auto about = protocol::reference_of(frame);
  refusal.id = about.id;
  refusal.n = about.n;
  to.frames.emplace_back(std::move(refusal));
  return true;
}

} // namespace iris::edge
