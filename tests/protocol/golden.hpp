#pragma once

#include "protocol/frames.hpp"

#include <string>
#include <variant>
#include <vector>

/// The frames whose bytes tests/vectors/*.json pin down.
namespace iris::vectors {

struct golden {
  /// Of tests/vectors/<file>.json: the type of the frame, or "item".
  std::string file;
  std::string name;
  std::string description;
  std::variant<protocol::client_frame, protocol::server_frame, protocol::item>
    content;

  /// Who sends it: "client", "node", or for an item "log".
  std::string from() const;
  std::string encoded() const;
};

/// By file, in the order in which they stand there.
const std::vector<golden>& goldens();

/// The frames of a connection from its first to its last, in order. They are
/// tests/vectors/session.json, and the worked session of docs/protocol.md.
const std::vector<golden>& session();

} // namespace iris::vectors
