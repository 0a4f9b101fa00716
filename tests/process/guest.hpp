#pragma once

#include "tests/process/crowd.hpp"
#include "tests/process/raw_connection.hpp"

namespace iris::process {

/// A user who is none of the crowd, at one node and no other, while the crowd
/// goes on. Who comes again is the same device.
class guest {
public:
  guest(crowd& all, const real_node& at, const user_id& who)
    : link(all.io(), at, "tcp") {
    link.log_in(who, "phone", at.token(who));
  }

  protocol::send letter(const user_id& to, const std::string& body) {
    protocol::send out;
    out.id = make_message_id(system_clock().wall_now(), random_);
    out.to = to;
    out.body = body;
    return out;
  }

  /// From its beginning on, so many messages of the inbox.
  std::vector<std::string> read(std::size_t count) {
    link.send(protocol::sync{{0}, protocol::limits::window_max});
    link.run_until([&] { return bodies().size() >= count; }, "messages");
    return bodies();
  }

  raw_connection link;

private:
  std::vector<std::string> bodies() const {
    std::vector<std::string> out;
    for (const auto& frame : link.frames())
      if (const auto* page = std::get_if<protocol::items>(&frame))
        for (const auto& x : page->list)
          out.push_back(x.body);
    return out;
  }

  random_source random_{1};
};

} // namespace iris::process
