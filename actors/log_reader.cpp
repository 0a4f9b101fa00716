#include "actors/log_reader.hpp"

#include "actors/store_reader.hpp"
#include "protocol/codec.hpp"

#include <algorithm>

namespace iris::actors {

result<std::vector<item_bytes>> read_log(const persistence::state_store& store,
                                         const keyring& keys,
                                         const log_range& range) {
  std::vector<item_bytes> out;
  auto expected = range.newest ? range.last : range.first;
  auto room = range.bytes_max;
  auto scanned = store.scan(
    keys.at(range.kind, range.first), keys.at(range.kind, range.last + 1),
    range.newest, [&](std::string_view key, std::string_view payload) {
      if (keyring::position(key) != expected
          || (!out.empty() && payload.size() > room))
        return false;
      room -= std::min(room, payload.size());
      out.push_back(std::make_shared<const std::string>(payload));
      expected += range.newest ? -1 : 1;
      return true;
    });
  if (!scanned)
    return scanned.failure();
  if (out.empty())
    return error{errc::corrupt,
                 "entry " + std::to_string(expected) + " is missing"};
  if (range.newest)
    std::reverse(out.begin(), out.end());
  return out;
}

result<std::string> last_expired_id(const persistence::state_store& store,
                                    const keyring& keys, timestamp oldest,
                                    std::size_t limit) {
  std::string out;
  result<void> decoded;
  auto ids = keys.all(record::dedup);
  auto scanned =
    store.scan(ids, persistence::prefix_end(ids), false,
               [&](std::string_view key, std::string_view) {
                 auto id = keyring::dedup_of(keys.suffix(key));
                 if (!id)
                   decoded = id.failure();
                 if (!id || limit-- == 0 || time_of(id->first) >= oldest)
                   return false;
                 out = key;
                 return true;
               });
  if (!scanned)
    return scanned.failure();
  if (!decoded)
    return decoded.failure();
  return out;
}

result<floor_record> last_expired_item(const persistence::state_store& store,
                                       const keyring& keys, timestamp oldest,
                                       const log_range& range) {
  floor_record out;
  result<void> decoded;
  auto scanned = store.scan(
    keys.at(range.kind, range.first), keys.at(range.kind, range.last + 1),
    false, [&](std::string_view key, std::string_view payload) {
      auto item = protocol::decode_item(payload);
      if (!item) {
        decoded = error{errc::corrupt, "expected an item in the log"};
        return false;
      }
      if (item->at >= oldest)
        return false;
      out = {keyring::position(key), item->at};
      return true;
    });
  if (!scanned)
    return scanned.failure();
  if (!decoded)
    return decoded.failure();
  return out;
}

result<protocol::conversation_list>
read_conversations(const persistence::state_store& store, const keyring& keys,
                   const protocol::conversations& ask) {
  protocol::conversation_list out;
  auto all = keys.all(record::seen);
  auto first =
    ask.after ? keys.of(record::seen, ask.after->bytes()) + '\0' : all;
  result<void> decoded;
  auto scanned =
    store.scan(first, persistence::prefix_end(all), false,
               [&](std::string_view key, std::string_view payload) {
                 out.more = out.list.size() == ask.limit;
                 if (out.more)
                   return false;
                 auto suffix = keys.suffix(key);
                 if (suffix.size() != 16) {
                   decoded = error{errc::corrupt, "expected a conversation id"};
                   return false;
                 }
                 auto id = conversation_id::from_bytes(suffix);
                 decoded = keep(
                   decode_number(payload),
                   out.list.emplace_back(protocol::conversation_summary{id, {}})
                     .seq.value);
                 return static_cast<bool>(decoded);
               });
  if (!scanned)
    return scanned.failure();
  if (!decoded)
    return decoded.failure();
  return out;
}

} // namespace iris::actors
