#include "base/hash.hpp"
#include "cluster/image_hash.hpp"
#include "cluster/shard.hpp"

namespace iris::cluster {

namespace {

using namespace std::chrono_literals;

/// Whoever wants a comparison asks more often.
constexpr auto asked_again = 5s;
/// Whoever asks hears of a leader that is different before it leads no more.
constexpr auto news_time = 2s;

} // namespace

void shard::compare() {
  checkpoint now{applied_.index, applied_.checksum};
  if (check_.applied(now))
    say({now});
}

void shard::say(const image_has& what) {
  if (core_->role() == raft::role::leader)
    judge(parts_.self, what);
  else if (auto leader = core_->leader())
    parts_.mail.send(parts_.id, *leader, what);
}

std::vector<node_id> shard::voters() const {
  std::vector<node_id> out;
  for (const auto& x : core_->servers())
    if (x.role == raft::server_role::voter)
      out.push_back(x.id);
  return out;
}

comparison shard::findings() const {
  std::vector<node_id> all;
  for (const auto& x : core_->servers())
    all.push_back(x.id);
  return book_->look(all, voters());
}

/// Who has no vote is compared too, but what it says counts for nothing: it
/// would outweigh a lone voter.
void shard::judge(node_id who, const image_has& what) {
  if (raft::find(core_->servers(), who) == nullptr
      || what.what.index > core_->commit_index())
    return;
  auto all = voters();
  auto held = what.of == compared::held;
  if (held && book_)
    book_->said(who, what.what, what.damage, all);
  auto found = check_of(what.of).said(who, what.what, all);
  image_differs news{found.right, what.of};
  auto itself = std::erase(found.wrong, parts_.self);
  for (auto x : found.wrong)
    parts_.mail.send(parts_.id, x, news);
  // Last, for it ends this leadership.
  if (itself == 0)
    return;
  if (held && book_)
    parts_.home.after(news_time,
                      guarded([this, news] { correct(news, std::nullopt); }));
  else
    correct(news, std::nullopt);
}

void shard::correct(const image_differs& what, std::optional<node_id> from) {
  if (!check_of(what.of).contradicts(what.right))
    return;
  tell(tell_.on_differs, what.right.index);
  make_incomplete(from);
}

// -- comparing all that is held -----------------------------------------------

result<comparison> shard::compare_all(std::uint64_t number) {
  if (!leading_)
    return error{errc::not_leader, "this replica doesn't lead", 100};
  auto now = parts_.time.steady_now();
  auto known = book_ && book_->number() == number;
  if (book_ && !known && now - asked_at_ < asked_again && !findings().over)
    return error{errc::unavailable, "another comparison is under way", 1000};
  asked_at_ = now;
  if (!known) {
    book_.emplace(number);
    mark_wanted_ = true;
    flush();
  }
  // The mark may have cost it its leadership.
  if (!leading_)
    return error{errc::not_leader, "this replica leads no more", 100};
  auto out = findings();
  for (const auto& x : out.replicas)
    if (out.index > 0 && x.is == standing::silent && x.node != parts_.self)
      parts_.mail.send(parts_.id, x.node, image_ask{out.index});
  return out;
}

/// The entry is a mark. A later one takes its place.
void shard::hash_behind(std::uint64_t index,
                        persistence::state_writer::entry& entry) {
  if (book_ && core_->role() == raft::role::leader)
    book_->begin_at(index);
  holds_ = {{index, 0}, compared::held};
  hashing_ = std::make_shared<bool>(true);
  auto done = guarded([this, index](const persistence::image_hash& found) {
    if (index != holds_.what.index)
      return;
    hashing_.reset();
    // Damage is nobody else's, or two that can't be read would be a majority.
    holds_.what.checksum =
      found.damage.empty()
        ? found.hash
        : hash64(std::to_string(parts_.self.value) + found.damage, found.hash);
    holds_.damage = found.damage;
    held_.applied(holds_.what);
    if (core_)
      say(holds_);
  });
  entry.look = [&readers = parts_.readers, &home = parts_.home,
                wanted = std::weak_ptr<void>{hashing_},
                done](result<std::unique_ptr<persistence::shard_image>> image) {
    if (image)
      return hash_image(*std::move(image), readers, home, wanted, done);
    persistence::image_hash none;
    none.damage = image.failure().context;
    home.post([done, none] { done(none); });
  };
}

void shard::on_ask(node_id from, const image_ask& what) {
  if (what.index > handed_)
    return; // It comes to it.
  if (holds_.what.index != what.index)
    parts_.mail.send(parts_.id, from, image_lacks{what.index});
  else if (!hashing_)
    parts_.mail.send(parts_.id, from, holds_);
}

void shard::on_lacks(const image_lacks& what) {
  if (!book_ || book_->index() != what.index || !leading_)
    return;
  book_->begin_at(0);
  mark_wanted_ = true;
  flush();
}

} // namespace iris::cluster
