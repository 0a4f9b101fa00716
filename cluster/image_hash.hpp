#pragma once

#include "base/executor.hpp"
#include "persistence/shard_image.hpp"

#include <functional>
#include <memory>

namespace iris::cluster {

/// Hashes all of an image on `readers`, in steps that let others in between,
/// and posts `done` to `home`. Ends without that, and lets go of the image,
/// once nobody holds `wanted` any more. Any thread.
void hash_image(std::unique_ptr<persistence::shard_image> image,
                executor& readers, executor& home, std::weak_ptr<void> wanted,
                std::function<void(const persistence::image_hash&)> done);

} // namespace iris::cluster
