#include "cluster/links/incoming.hpp"

#include "base/codec.hpp"

#include <utility>

namespace iris::cluster {

result<void> incoming::take(lane by, std::string_view pieces,
                            const std::function<void(std::string)>& visit) {
  auto i = static_cast<std::size_t>(by);
  auto& begun = begun_[i];
  decoder in{pieces};
  while (!in.rest().empty()) {
    auto last = in.u8();
    auto piece = in.bytes();
    if (in.failed() || last > 1)
      return error{errc::bad_frame, "expected pieces of frames"};
    if (begun.size() + piece.size() > frame_bytes_max.of(by))
      return error{errc::frame_too_large,
                   "expected frames of at most "
                     + std::to_string(frame_bytes_max.of(by)) + " bytes"};
    begun += piece;
    if (last == 1)
      visit(std::exchange(begun, {}));
  }
  taken_[i] += pieces.size();
  return {};
}

std::size_t incoming::grant(lane by) {
  auto& taken = taken_[static_cast<std::size_t>(by)];
  return taken * 2 < window_.of(by) ? 0 : std::exchange(taken, 0);
}

} // namespace iris::cluster
