#include "persistence/shard_image.hpp"

#include "base/codec.hpp"
#include "persistence/database.hpp"
#include "persistence/keys.hpp"
#include "persistence/status.hpp"
#include "persistence/writes.hpp"

namespace iris::persistence {

std::string shard_prefix(shard_id shard) {
  std::string out;
  encoder{out}.u16(shard.value);
  return out;
}

std::string applied_key(shard_id shard) {
  return key_prefix(shard, {actor_kind::shard, {0}, {}}) + 'A';
}

std::string incomplete_key(shard_id shard) {
  return key_prefix(shard, {actor_kind::shard, {0}, {}}) + 'I';
}

shard_image::shard_image(shard_id shard, const applied_point& applied,
                         std::unique_ptr<leveldb::Iterator> at)
  : shard_(shard), applied_(applied), at_(std::move(at)) {
  // nop
}

result<std::vector<shard_record>> shard_image::read(std::string_view after,
                                                    std::size_t bytes_max) {
  std::vector<shard_record> out;
  std::size_t bytes = 0;
  auto prefix = shard_prefix(shard_);
  auto own = applied_key(shard_);
  at_->Seek(slice(after.empty() ? std::string_view{prefix} : after));
  for (; at_->Valid() && view(at_->key()).starts_with(prefix)
         && (out.empty() || bytes < bytes_max);
       at_->Next()) {
    auto key = view(at_->key());
    auto value = view(at_->value());
    if (key == after || key == own)
      continue;
    if (auto sound = checked_payload(key, value); !sound)
      return sound.failure();
    bytes += key.size() + value.size();
    out.push_back({std::string{key}, std::string{value}});
  }
  if (auto status = at_->status(); !status.ok())
    return to_error(status, "the shard's image");
  return out;
}

} // namespace iris::persistence
