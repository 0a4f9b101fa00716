#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace iris::protocol::wire {

/// One value of a parsed frame. A container's elements follow it, each with
/// all that is in it; those of a map are key, value, key, value, …
struct node {
  enum class type : std::uint8_t {
    nil,
    boolean,
    integer,
    negative,
    real,
    string,
    bytes,
    array,
    map,
    extension,
  };

  node(type kind, std::uint64_t value, const char* bytes) noexcept
    : what(kind), number(value), data(bytes) {}

  type what;
  /// Nodes from this one to the one behind all that is in it.
  std::uint32_t extent = 1;
  /// An integer's or boolean's value, a string's or bytes' length, an array's
  /// elements, a map's entries.
  std::uint64_t number;
  const char* data;

  /// Precondition: a string or bytes.
  std::string_view text() const noexcept { return {data, number}; }
  const node* behind() const noexcept { return this + extent; }
};

/// What a node is, for the text of an error: "a string of 5 bytes". Never
/// what is in it, but for integers.
std::string describe(const node& what);

/// MessagePack, taken apart into a list of nodes that point into the input.
/// The list is kept for the next parse, so that nothing is allocated once it
/// has grown; a list of unusual length is given back.
class tree {
public:
  /// Fails with frame_too_large or bad_frame: not MessagePack, cut off,
  /// something behind it, not a map, nested too deeply, with too many values,
  /// a map with too many keys, or a key that is not a string. The input must
  /// outlive the nodes.
  result<void> parse(std::string_view bytes);

  /// The map. Precondition: the last parse succeeded.
  const node& root() const noexcept { return nodes_.front(); }

private:
  std::vector<node> nodes_;
};

/// This thread's tree. Whoever parses into it ends what was in it before.
tree& scratch_tree();

} // namespace iris::protocol::wire
