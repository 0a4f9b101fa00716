#pragma once

#include "base/result.hpp"
#include "protocol/frames.hpp"

#include <string>
#include <string_view>

namespace iris::protocol {

/// Splits a byte stream into frames. Keeps a copy only of a partial frame, so
/// an idle connection owns no buffer. Never holds more than `frame_max` + 4.
class framer {
public:
  explicit framer(std::uint32_t frame_max = limits::frame_bytes_max) noexcept
    : frame_max_(frame_max) {}

  /// Holds from the next frame on, and for one that has come in part.
  void set_frame_max(std::uint32_t bytes) noexcept { frame_max_ = bytes; }

  /// Calls `on_frame(std::string_view)` for each frame completed by `bytes`;
  /// the view is valid during the call. `on_frame` returns false to stop; the
  /// rest is then dropped. Fails with frame_too_large (also for length 0:
  /// bad_frame); the stream can't be read on after that.
  template <class F>
  result<void> feed(std::string_view bytes, F&& on_frame) {
    std::string joined;
    for (;;) {
      auto frame = next(bytes, joined);
      if (!frame)
        return frame.failure();
      if (frame->empty() || !on_frame(*frame))
        return {};
    }
  }

  /// Bytes of a frame that is not complete yet.
  std::size_t pending() const noexcept { return partial_.size(); }

private:
  /// Takes a frame off the front of what was kept and `bytes`. A frame that
  /// came in parts is moved to `joined`. Empty: there is none, and what is
  /// left of `bytes` was kept.
  result<std::string_view> next(std::string_view& bytes, std::string& joined);

  /// Keeps as much of `bytes` as a frame of `total` bytes still lacks.
  void keep(std::string_view& bytes, std::size_t total);

  /// Length with header of the frame that `head` begins, which has at least
  /// header_bytes.
  result<std::size_t> announced(std::string_view head) const;

  static constexpr std::size_t header_bytes = 4;

  std::uint32_t frame_max_;
  std::string partial_;
};

} // namespace iris::protocol
