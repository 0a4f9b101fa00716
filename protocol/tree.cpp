#include "protocol/tree.hpp"

#include "protocol/frames.hpp"

#include <msgpack/null_visitor.hpp>
#include <msgpack/unpack.hpp>

#include <array>

namespace iris::protocol::wire {

namespace {

/// More than any frame of ordinary traffic has.
constexpr std::size_t nodes_kept_max = 4096;

error bad_frame(std::string text) {
  return {errc::bad_frame, std::move(text)};
}

/// What the parser of msgpack-cxx calls. Limits are checked when a container
/// announces its size; the list grows only by values that are there.
class builder : public msgpack::null_visitor {
public:
  builder(std::vector<node>& nodes, std::size_t input_bytes) noexcept
    : nodes_(nodes), input_bytes_(input_bytes) {}

  const error& failure() const noexcept { return failure_; }

  bool visit_nil() { return add(node::type::nil); }
  bool visit_boolean(bool x) { return add(node::type::boolean, x); }
  bool visit_float32(float) { return add(node::type::real); }
  bool visit_float64(double) { return add(node::type::real); }

  bool visit_positive_integer(std::uint64_t x) {
    return add(node::type::integer, x);
  }

  /// Called for all signed encodings, whatever the sign.
  bool visit_negative_integer(std::int64_t x) {
    return x < 0 ? add(node::type::negative)
                 : visit_positive_integer(static_cast<std::uint64_t>(x));
  }

  bool visit_str(const char* data, std::uint32_t size) {
    return add(node::type::string, size, data);
  }

  bool visit_bin(const char* data, std::uint32_t size) {
    return add(node::type::bytes, size, data);
  }

  bool visit_ext(const char*, std::uint32_t) {
    return add(node::type::extension);
  }

  bool start_array(std::uint32_t size) {
    return open(node::type::array, size, size);
  }

  bool start_map(std::uint32_t size) {
    if (size > limits::keys_max)
      return fail("expected a map of at most "
                  + std::to_string(limits::keys_max) + " keys, found "
                  + std::to_string(size));
    return open(node::type::map, size, 2 * size);
  }

  bool end_array() { return close(); }
  bool end_map() { return close(); }

  bool start_map_key() {
    key_expected_ = true;
    return true;
  }

  void parse_error(std::size_t, std::size_t) {
    fail("expected MessagePack, found the unused byte c1");
  }

  void insufficient_bytes(std::size_t, std::size_t) { cut_off(); }

private:
  bool fail(std::string text) {
    failure_ = bad_frame(std::move(text));
    return false;
  }

  bool cut_off() {
    return fail("expected a whole MessagePack value, found the end of the "
                "frame");
  }

  bool too_many_values() {
    return fail("expected at most " + std::to_string(limits::values_max)
                + " values, found more");
  }

  bool add(node::type what, std::uint64_t number = 0,
           const char* data = nullptr) {
    if (nodes_.size() == limits::values_max)
      return too_many_values();
    // In place: a copy of a node written just now waits for the writes.
    const auto& x = nodes_.emplace_back(what, number, data);
    if (key_expected_ && what != node::type::string)
      return fail("expected a string as key, found " + describe(x));
    key_expected_ = false;
    return true;
  }

  /// `values`: how many the container announces. Each takes a byte at least.
  bool open(node::type what, std::uint32_t size, std::size_t values) {
    if (nodes_.size() + values >= limits::values_max)
      return too_many_values();
    if (nodes_.size() + values >= input_bytes_)
      return cut_off();
    if (depth_ == open_.size())
      return fail("expected at most " + std::to_string(limits::depth_max)
                  + " levels of nesting, found more");
    open_[depth_++] = static_cast<std::uint32_t>(nodes_.size());
    return add(what, size);
  }

  bool close() {
    auto at = open_[--depth_];
    nodes_[at].extent = static_cast<std::uint32_t>(nodes_.size() - at);
    return true;
  }

  std::vector<node>& nodes_;
  std::size_t input_bytes_;
  std::array<std::uint32_t, limits::depth_max> open_{};
  std::size_t depth_ = 0;
  bool key_expected_ = false;
  error failure_;
};

} // namespace

std::string describe(const node& what) {
  auto number = std::to_string(what.number);
  switch (what.what) {
  case node::type::nil:
    return "nil";
  case node::type::boolean:
    return "a boolean";
  case node::type::integer:
    return number;
  case node::type::negative:
    return "a negative integer";
  case node::type::real:
    return "a floating-point number";
  case node::type::string:
    return "a string of " + number + " bytes";
  case node::type::bytes:
    return "a bin of " + number + " bytes";
  case node::type::array:
    return "an array of " + number;
  case node::type::map:
    return "a map";
  case node::type::extension:
    return "an extension type";
  }
  return "nothing known";
}

result<void> tree::parse(std::string_view bytes) {
  if (bytes.size() > limits::frame_bytes_max)
    return error{errc::frame_too_large,
                 "expected a frame of at most "
                   + std::to_string(limits::frame_bytes_max) + " bytes, found "
                   + std::to_string(bytes.size())};
  if (nodes_.capacity() > nodes_kept_max)
    std::vector<node>{}.swap(nodes_);
  nodes_.clear();
  builder build{nodes_, bytes.size()};
  std::size_t end = 0;
  try {
    msgpack::parse(bytes.data(), bytes.size(), end, build);
  } catch (const msgpack::unpack_error& fault) {
    return bad_frame(std::string{"expected MessagePack: "} + fault.what());
  }
  if (build.failure())
    return build.failure();
  if (root().what != node::type::map)
    return bad_frame("expected a MessagePack map, found " + describe(root()));
  if (end < bytes.size())
    return bad_frame("expected one MessagePack map, found "
                     + std::to_string(bytes.size() - end) + " bytes behind it");
  return {};
}

tree& scratch_tree() {
  static thread_local tree instance;
  return instance;
}

} // namespace iris::protocol::wire
