#include "clients/cpp/core.hpp"

#include "protocol/codec.hpp"

#include <algorithm>

/// What users ask of the core.
namespace iris::client {

result<message_id> core::send(const user_id& to, std::string body,
                              nanoseconds now) {
  protocol::send x;
  x.to = to;
  x.body = std::move(body);
  return send(std::move(x), now);
}

result<message_id> core::send(const conversation_id& to, std::string body,
                              nanoseconds now) {
  protocol::send x;
  x.conversation = to;
  x.body = std::move(body);
  return send(std::move(x), now);
}

result<message_id> core::send(protocol::send x, nanoseconds now) {
  if (x.body.size() > protocol::limits::body_bytes_max)
    return error{errc::body_too_large,
                 "expected a body of at most "
                   + std::to_string(protocol::limits::body_bytes_max)
                   + " bytes"};
  x.after.reset();
  auto id = x.id = ids_.next(now, random_);
  // Of a plain one nothing else can be wrong.
  auto plain =
    x.trace.empty() && x.to.has_value() != x.conversation.has_value();
  protocol::client_frame frame{std::move(x)};
  if (!plain)
    if (auto fine = well_formed(frame); !fine)
      return fine.failure();
  return submit(id, std::move(frame), now);
}

template <class Change>
result<message_id> core::change(Change x, nanoseconds now) {
  auto id = x.id = ids_.next(now, random_);
  protocol::client_frame frame{std::move(x)};
  if (auto fine = well_formed(frame); !fine)
    return fine.failure();
  return submit(id, std::move(frame), now);
}

result<message_id> core::create_group(std::string title,
                                      std::vector<user_id> members,
                                      nanoseconds now) {
  return change(
    protocol::group_create{{}, std::move(title), std::move(members)}, now);
}

result<message_id> core::add(const conversation_id& to,
                             std::vector<user_id> users, nanoseconds now) {
  return change(protocol::group_add{{}, to, std::move(users)}, now);
}

result<message_id> core::remove(const conversation_id& from,
                                std::vector<user_id> users, nanoseconds now) {
  return change(protocol::group_remove{{}, from, std::move(users)}, now);
}

result<message_id> core::leave(const conversation_id& what, nanoseconds now) {
  return change(protocol::group_leave{{}, what}, now);
}

/// What the node would say about the frame's fields.
result<void> core::well_formed(const protocol::client_frame& x) {
  std::string bytes;
  protocol::encode(x, bytes);
  if (auto read = protocol::decode_client(bytes); !read)
    return std::move(read).failure();
  return {};
}

result<message_id> core::submit(const message_id& id,
                                protocol::client_frame what, nanoseconds now) {
  if (state_ == state::stopped)
    return error{errc::no_connection, "expected a client that is started"};
  if (auto taken = outbox_.push(id, std::move(what)); !taken)
    return taken.failure();
  now_ = std::max(now_, now);
  pump();
  return id;
}

result<std::uint64_t> core::ask(request what, nanoseconds now) {
  if (state_ == state::stopped)
    return error{errc::no_connection, "expected a client that is started"};
  auto n = requests_.next_number();
  auto frame = std::visit(
    [n](auto& x) {
      x.n = n;
      return protocol::client_frame{std::move(x)};
    },
    what);
  if (auto fine = well_formed(frame); !fine)
    return fine.failure();
  if (auto taken = requests_.push(std::move(frame), now); !taken)
    return taken.failure();
  now_ = std::max(now_, now);
  pump();
  return n;
}

} // namespace iris::client
