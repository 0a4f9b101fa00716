#include "cluster/image_source.hpp"

namespace iris::cluster {

namespace {

using namespace std::chrono_literals;

/// Of records in a piece, about.
constexpr std::size_t piece_bytes = std::size_t{48} << 10;
/// Who doesn't ask for so long has found another source, or is gone.
constexpr auto idle_max = 1min;

} // namespace

void image_source::on_request(node_id from, const image_request& what) {
  auto& found = images_[from];
  if (!found || (found->copy != what.copy && what.after.empty())) {
    found = std::make_shared<open_image>();
    found->copy = what.copy;
    if (!std::exchange(watching_, true))
      forget_later();
  }
  found->last_used = parts_.time.steady_now();
  if (found->copy != what.copy || (!found->image && !what.after.empty()))
    return parts_.send(
      from, image_refusal{what.copy,
                          {errc::not_found, "this image isn't kept any more"}});
  if (std::exchange(found->read, true))
    return;
  parts_.readers.post([this, alive = std::weak_ptr<bool>{alive_}, from, what,
                       image = found, id = parts_.id, &state = parts_.state,
                       &home = parts_.home] {
    home.post(
      [this, alive, from, what, image, piece = read(state, id, *image, what)] {
        if (!alive.expired())
          answer(from, what, *image, piece);
      });
  });
}

result<image_piece> image_source::read(const persistence::state_store& state,
                                       shard_id id, open_image& from,
                                       const image_request& what) {
  if (!from.image) {
    auto image = state.image(id);
    if (!image)
      return image.failure();
    from.image = *std::move(image);
  }
  image_piece out;
  out.copy = what.copy;
  out.after = what.after;
  out.applied = from.image->applied();
  if (out.applied.index < what.min_index)
    return error{errc::unavailable, "this replica has applied entry "
                                      + std::to_string(out.applied.index)
                                      + ", expected at least "
                                      + std::to_string(what.min_index)};
  auto records = from.image->read(what.after, piece_bytes);
  if (!records)
    return records.failure();
  out.records = *std::move(records);
  return out;
}

void image_source::answer(node_id to, const image_request& what,
                          open_image& from, result<image_piece> found) {
  from.read = false;
  if (!found) {
    images_.erase(to);
    return parts_.send(to, image_refusal{what.copy, found.failure()});
  }
  from.applied = found->applied.index;
  // Found once: the log may be cut behind the image while it is kept.
  if (from.configuration.bytes.empty())
    from.configuration = parts_.configuration_at(found->applied.index);
  if (from.configuration.bytes.empty() && found->applied.index > 0) {
    images_.erase(to);
    return parts_.send(
      to, image_refusal{what.copy,
                        {errc::unavailable, "the log was cut behind this "
                                            "image before it was read"}});
  }
  found->configuration = from.configuration.bytes;
  found->configuration_index = from.configuration.index;
  parts_.send(to, *std::move(found));
}

std::optional<std::uint64_t> image_source::oldest() const {
  std::optional<std::uint64_t> out;
  for (const auto& [to, x] : images_)
    if (x->applied > 0 && (!out || x->applied < *out))
      out = x->applied;
  return out;
}

void image_source::forget_later() {
  parts_.home.after(idle_max, [this, alive = std::weak_ptr<bool>{alive_}] {
    if (!alive.expired())
      forget_idle();
  });
}

/// An image keeps files that the store would have deleted.
void image_source::forget_idle() {
  auto now = parts_.time.steady_now();
  std::erase_if(images_, [now](const auto& x) {
    return now - x.second->last_used >= idle_max;
  });
  watching_ = !images_.empty();
  if (watching_)
    forget_later();
}

} // namespace iris::cluster
