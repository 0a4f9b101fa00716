#include "edge/inbound.hpp"

#include "actors/refusals.hpp"
#include "protocol/codec.hpp"

namespace iris::edge {

namespace {

/// One bad field costs one frame; its error names what that was. A batch is
/// many sends: each gets the error.
void refuse(actors::inbound& to, const error& why,
            const protocol::reference& about) {
  auto frame = actors::to_frame(why);
  frame.n = about.n;
  frame.id = about.id;
  if (about.batch.empty())
    to.frames.emplace_back(frame);
  for (const auto& id : about.batch) {
    frame.id = id;
    to.frames.emplace_back(frame);
  }
}

} // namespace

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
  const auto& why = decoded.failure();
  if (why.code == errc::bad_frame || why.code == errc::frame_too_large) {
    broken(to, why);
    return false;
  }
  refuse(to, why, protocol::reference_of(frame));
  return true;
}

} // namespace iris::edge
