#pragma once

#include "base/result.hpp"
#include "protocol/frames.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Frames to bytes and back. No I/O, no state: any thread.
namespace iris::protocol {

/// One MessagePack map, without the length that stream transports put before
/// it. Fails with bad_frame (not MessagePack, or nested too deeply),
/// frame_too_large, unknown_type, body_too_large, or bad_field: a field
/// missing, of another type or over its limit, named in the text with what was
/// expected and found: "send.id: expected a UUIDv7 as bin of 16 bytes, found
/// nil". Unknown keys are skipped. What was decoded keeps to all limits of
/// frames.hpp. Never allocates more than the input's own size times a small
/// constant.
result<client_frame> decode_client(std::string_view bytes);
result<server_frame> decode_server(std::string_view bytes);

/// An item as it stands in logs, inboxes and frames.
result<item> decode_item(std::string_view bytes);

/// When such an item got its place, without decoding the rest. Empty if it is
/// no item.
std::optional<timestamp> time_of_item(std::string_view bytes);

/// These append to `out`. Precondition: fields keep to their limits; the
/// decoder on the other side refuses what does not. Optional fields that hold
/// nothing, false, 0 or their default are not written.
void encode(const client_frame& frame, std::string& out);
void encode(const server_frame& frame, std::string& out);
void encode(const item& what, std::string& out);

/// Same bytes as encode(items) of the decoded items, without decoding them.
void encode_items(inbox_offset first,
                  std::span<const std::string_view> encoded_items,
                  std::string& out);
/// Same for encode(history_page); the page's own list is ignored.
void encode_page(const history_page& page,
                 std::span<const std::string_view> encoded_items,
                 std::string& out);

/// The "id" or "n" of a frame that could not be decoded, as far as it can be
/// told, so that its error can name it. Empty if it is not MessagePack.
struct reference {
  std::optional<message_id> id;
  std::optional<std::uint64_t> n;
  /// Of a batch: its sends, none of which was taken.
  std::vector<message_id> batch;
};
reference reference_of(std::string_view bytes);

/// The type as in key "t".
std::string_view type_name(const client_frame& frame) noexcept;
std::string_view type_name(const server_frame& frame) noexcept;

/// For TCP and TLS: appends a 4-byte big-endian length and the frame.
template <class Frame>
void encode_framed(const Frame& frame, std::string& out) {
  auto at = out.size();
  out.append(4, '\0');
  encode(frame, out);
  auto n = out.size() - at - 4;
  for (int i = 0; i < 4; ++i)
    out[at + static_cast<std::size_t>(i)] =
      static_cast<char>(n >> (8 * (3 - i)));
}

} // namespace iris::protocol
