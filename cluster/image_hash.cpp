#include "cluster/image_hash.hpp"

namespace iris::cluster {

namespace {

constexpr std::size_t step_bytes = std::size_t{256} << 10;

struct hashing {
  std::unique_ptr<persistence::shard_image> image;
  executor& readers;
  executor& home;
  std::weak_ptr<void> wanted;
  std::function<void(const persistence::image_hash&)> done;
  persistence::image_hash so_far = {};
};

void go_on(std::shared_ptr<hashing> what) {
  auto& readers = what->readers;
  readers.post([what = std::move(what)] {
    if (what->wanted.expired())
      return;
    what->image->hash(what->so_far, step_bytes);
    if (!what->so_far.all)
      return go_on(what);
    // Nothing of the store goes where nobody closes it.
    what->home.post(
      [done = std::move(what->done), found = what->so_far] { done(found); });
  });
}

} // namespace

void hash_image(std::unique_ptr<persistence::shard_image> image,
                executor& readers, executor& home, std::weak_ptr<void> wanted,
                std::function<void(const persistence::image_hash&)> done) {
  go_on(std::make_shared<hashing>(hashing{std::move(image), readers, home,
                                          std::move(wanted), std::move(done)}));
}

} // namespace iris::cluster
