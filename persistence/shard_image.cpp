#include "persistence/shard_image.hpp"

#include "base/codec.hpp"
#include "base/hash.hpp"
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

template <class Visit>
bool shard_image::walk(std::string_view after, std::size_t bytes_max,
                       Visit visit) {
  std::size_t bytes = 0;
  auto prefix = shard_prefix(shard_);
  auto own = applied_key(shard_);
  at_->Seek(slice(after.empty() ? std::string_view{prefix} : after));
  for (; at_->Valid() && view(at_->key()).starts_with(prefix)
         && (bytes == 0 || bytes < bytes_max);
       at_->Next()) {
    auto key = view(at_->key());
    auto value = view(at_->value());
    if (key == after || key == own)
      continue;
    bytes += key.size() + value.size();
    if (!visit(key, value))
      return true;
  }
  return at_->Valid() && view(at_->key()).starts_with(prefix);
}

result<std::vector<shard_record>> shard_image::read(std::string_view after,
                                                    std::size_t bytes_max) {
  std::vector<shard_record> out;
  result<void> damage;
  walk(after, bytes_max, [&](std::string_view key, std::string_view value) {
    if (auto sound = checked_payload(key, value); !sound)
      damage = sound.failure();
    else
      out.push_back({std::string{key}, std::string{value}});
    return static_cast<bool>(damage);
  });
  if (!damage)
    return damage.failure();
  if (auto status = at_->status(); !status.ok())
    return to_error(status, "the shard's image");
  return out;
}

void shard_image::hash(image_hash& so_far, std::size_t bytes_max) {
  auto note = [&](const error& damage) {
    if (so_far.damage.empty())
      so_far.damage = damage.context;
  };
  auto after = so_far.last;
  auto more =
    walk(after, bytes_max, [&](std::string_view key, std::string_view value) {
      if (auto sound = checked_payload(key, value); !sound)
        note(sound.failure());
      so_far.hash = hash64(value, hash64(key, so_far.hash));
      so_far.last = key;
      return true;
    });
  so_far.all = !more;
  if (auto status = at_->status(); !status.ok())
    note(to_error(status, "the shard's image"));
}

} // namespace iris::persistence
