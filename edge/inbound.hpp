#pragma once

#include "actors/interfaces.hpp"

#include <string_view>

namespace iris::edge {

/// Decodes one frame into `to`, or why it can't be: for a batch once for each
/// of its sends. False when nothing behind it could be trusted either.
bool decode_into(actors::inbound& to, std::string_view frame);

/// The stream itself is broken: the last thing that `to` says.
void broken(actors::inbound& to, const error& why);

} // namespace iris::edge
