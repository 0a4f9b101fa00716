#include "actors/conversation_machine.hpp"
#include "actors/store_reader.hpp"
#include "protocol/codec.hpp"

namespace iris::actors {

result<conversation_state>
conversation_state::load(const persistence::state_store& store,
                         const keyring& keys) {
  conversation_state out;
  store_reader in{store, keys};
  in.each(record::about, false, 1, [&](auto, auto payload) {
    return keep(decode_about(payload), out.about);
  });
  in.each(record::floor, false, 1, [&](auto, auto payload) {
    return keep(decode_floor(payload), out.floor);
  });
  in.each(record::member, false, SIZE_MAX, [&](auto suffix, auto payload) {
    auto user = user_id::parse(suffix);
    return user ? keep(decode_member(payload), out.roster[*user])
                : result<void>{user.failure()};
  });
  in.each(record::fan_out, false, SIZE_MAX, [&](auto suffix, auto payload) {
    auto where = keyring::destination_of(suffix);
    return where ? keep(decode_number(payload), out.cursors[*where].value)
                 : result<void>{where.failure()};
  });
  in.each(record::forgotten, false, 1, [&](auto, auto payload) {
    std::uint64_t ms = 0;
    auto found = keep(decode_number(payload), ms);
    out.forgotten = {static_cast<std::int64_t>(ms)};
    return found;
  });
  auto ids =
    in.each(record::dedup, true, dedup_index::entries_max + 1,
            [&](auto suffix, auto payload) {
              auto id = keyring::dedup_of(suffix);
              return id ? keep(decode_dedup(payload), out.newest_ids[*id])
                        : result<void>{id.failure()};
            });
  out.all_ids = ids <= dedup_index::entries_max;
  out.head = {out.floor.position};
  out.last_at = out.floor.at;
  in.each(record::log, true, 1, [&](auto, auto payload) -> result<void> {
    auto item = protocol::decode_item(payload);
    if (!item)
      return error{errc::corrupt, "expected an item in the log"};
    out.head = item->seq;
    out.last_at = item->at;
    return {};
  });
  if (!in.ok())
    return in.ok().failure();
  return out;
}

} // namespace iris::actors
