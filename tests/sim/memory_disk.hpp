#pragma once

#include "persistence/disk.hpp"
#include "tests/sim/memory_tree.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace iris::sim {

/// What a call to the disk is for.
enum class io : std::uint8_t {
  create, ///< a file or a directory
  open,   ///< to read
  read,
  list, ///< a directory, or a file's size
  write,
  sync,
  close,
  rename,
  remove,
  sync_directory,
  lock,
  reserve,
  truncate,
};
inline constexpr std::size_t io_kinds = 13;

std::string_view to_string(io kind) noexcept;

/// A disk in memory for one simulated machine, with faults. Deterministic:
/// the same calls and seeds give the same bytes. One thread.
///
/// Stores that are open during a crash are dead from then on, and so is what
/// they still do when they are destroyed.
class memory_disk final : public persistence::disk {
public:
  explicit memory_disk(std::uint64_t seed = 0);
  ~memory_disk() override;

  // -- as a disk --------------------------------------------------------------

  leveldb::Env& env() override;
  leveldb::Status sync_directory(const std::string& dir) override;
  /// Without room for all of it, reserves what there is and says no.
  bool reserve(const std::string& path, std::uint64_t size) override;
  leveldb::Status truncate(const std::string& path,
                           std::uint64_t size) override;
  /// Runs the work that LevelDB has put off.
  void settle() override;
  std::uint64_t free_bytes(const std::string& dir) override;
  persistence::guard_rules rules() const override { return rules_; }

  /// Puts LevelDB's background work off until this is called with false, as a
  /// slow thread would. Before that no store may be destroyed, and none may
  /// fill its write buffer twice: LevelDB would wait for ever.
  void hold_background(bool yes);

  /// For stores that are opened later.
  void set_rules(const persistence::guard_rules& rules) { rules_ = rules; }

  // -- ends -------------------------------------------------------------------

  /// Power is lost and comes back: see memory_tree. Faults that were planned
  /// are forgotten.
  void crash(random_source& random);
  /// The same with this disk's own seed.
  void crash() { crash(random_); }
  /// The process ends, the machine goes on: nothing that was written is lost,
  /// and nothing more is synced.
  void kill();

  // -- faults -----------------------------------------------------------------

  /// Which call it is: the n-th from now, from 1, of all or of one kind.
  struct nth {
    nth(std::uint64_t count) : n(count) {}
    nth(std::uint64_t count, io what) : n(count), kind(what) {}

    std::uint64_t n;
    std::optional<io> kind;
  };

  enum class effect { none, done };
  /// This call fails. Without effect; a write writes half, a sync gives its
  /// bytes up. Or it reports failure when all is done.
  void fail_at(nth call, effect what = effect::none);
  /// What the planned fault has hit; nothing while it is to come.
  std::optional<io> fault_hit() const noexcept { return fault_hit_; }
  /// The same, once.
  std::optional<io> take_fault() noexcept {
    return std::exchange(fault_hit_, std::nullopt);
  }
  enum class cut { during, before, after };
  /// This call is the last: nothing of it is done, or all, or all unless it is
  /// a sync. Everything fails from there on. `crash` comes next.
  void power_off_at(nth call, cut when = cut::during);
  bool off() const noexcept { return off_; }
  /// After so many more bytes there is no room.
  void full_after(std::uint64_t bytes);
  void has_room() { limit_ = no_limit; }
  /// Bits rot. Precondition: the file has that byte; `bit` below 8.
  void flip_bit(const std::string& path, std::size_t offset, unsigned bit);
  /// A file that nobody has open has other bytes from now on. Returns what puts
  /// the old ones back, unless it has changed since.
  std::function<void()> replace(const std::string& path, std::string bytes);
  /// A durable file with these bytes, and the directories above it.
  void plant(const std::string& path, const std::string& bytes);
  /// Another disk is in its place, with these files, which are durable.
  /// Precondition: no process runs.
  void become(const std::map<std::string, std::string>& files);

  // -- what is there ----------------------------------------------------------

  std::map<std::string, std::string> files() const { return tree_.files(); }
  std::uint64_t count(io kind) const;
  /// All calls so far.
  std::uint64_t count() const noexcept { return calls_; }

private:
  class session;
  class writable;
  class sequential;
  class random_access;
  struct held_lock;

  static constexpr auto no_limit = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::uint64_t never = 0;

  /// The same call, counted from the beginning.
  nth absolute(nth call) const noexcept;
  bool is_now(const nth& call, io kind) const noexcept;
  leveldb::Status last_call(io kind, const std::string& path,
                            const std::function<leveldb::Status()>& carry_out);
  /// Counts a call and carries it out, or fails as planned. `undone` is called
  /// instead of `effect` when the call fails without effect.
  template <class Effect, class Undone>
  leveldb::Status call(io kind, const std::string& path, Effect&& carry_out,
                       Undone&& undone);
  template <class Effect>
  leveldb::Status call(io kind, const std::string& path, Effect&& carry_out);
  std::uint64_t room() const;
  leveldb::Status append(memory_node& file, const std::string& path,
                         std::string_view bytes);
  void begin_session();

  memory_tree tree_;
  random_source random_;
  /// Less than a write buffer, so that a log is given room several times.
  persistence::guard_rules rules_{.reserve_bytes = 10'000};
  /// One for each run of the process; old ones are dead, and stay for those
  /// who hold them.
  std::vector<std::unique_ptr<session>> sessions_;
  std::deque<std::pair<void (*)(void*), void*>> background_;
  bool held_ = false;
  std::set<std::string> locks_;
  std::array<std::uint64_t, io_kinds> counts_{};
  std::uint64_t calls_ = 0;
  nth fails_at_ = never;
  effect failing_ = effect::none;
  std::optional<io> fault_hit_;
  nth off_at_ = never;
  cut cutting_ = cut::during;
  bool off_ = false;
  std::uint64_t limit_ = no_limit;
  std::uint64_t now_us_ = 0;
};

} // namespace iris::sim
