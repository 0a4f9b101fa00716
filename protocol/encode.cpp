#include "protocol/codec.hpp"
#include "protocol/fields.hpp"
#include "protocol/writer.hpp"

namespace iris::protocol {

namespace {

template <class T>
void encode_as(const T& frame, std::string& out) {
  wire::writer to{out};
  to.remark("t", wire::type_of<T>);
  fields(to, frame);
  to.finish();
}

template <class Frame>
void encode_one_of(const Frame& frame, std::string& out) {
  std::visit([&](const auto& x) { encode_as(x, out); }, frame);
}

template <class Frame>
std::string_view name_of(const Frame& frame) {
  return std::visit(
    [](const auto& x) {
      return wire::type_of<std::remove_cvref_t<decltype(x)>>;
    },
    frame);
}

} // namespace

void encode(const client_frame& frame, std::string& out) {
  encode_one_of(frame, out);
}

void encode(const server_frame& frame, std::string& out) {
  encode_one_of(frame, out);
}

void encode(const item& what, std::string& out) {
  wire::writer to{out};
  fields(to, what);
  to.finish();
}

void encode_items(inbox_offset first,
                  std::span<const std::string_view> encoded_items,
                  std::string& out) {
  encode_as(wire::encoded_items{first, encoded_items}, out);
}

void encode_page(const history_page& page,
                 std::span<const std::string_view> encoded_items,
                 std::string& out) {
  encode_as(wire::encoded_page{page, encoded_items}, out);
}

std::string_view type_name(const client_frame& frame) noexcept {
  return name_of(frame);
}

std::string_view type_name(const server_frame& frame) noexcept {
  return name_of(frame);
}

} // namespace iris::protocol
