#pragma once

#include "actors/records.hpp"
#include "actors/tail.hpp"
#include "persistence/state_store.hpp"
#include "persistence/writes.hpp"
#include "protocol/frames.hpp"

#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <variant>

namespace iris::actors {

struct user_options {
  std::size_t devices_max = 8;
  /// What no device may get any more; 0: what some device still lacks is kept
  /// for ever.
  std::chrono::milliseconds retention{0};
  /// Conversations whose last sequence is kept in memory, besides those whose
  /// writes are on their way.
  std::size_t seen_max = 256;
  std::size_t tail_bytes_max = 64 * 1024;
};

/// What activation reads from the store: a bounded part of it.
struct user_state {
  std::map<device_id, device_record> devices;
  floor_record floor;
  inbox_offset head;

  /// Any thread. Fails with corrupt or io_failed.
  static result<user_state> load(const persistence::state_store& store,
                                 const keyring& keys);
};

/// When one of them was last connected; 0 for never.
timestamp last_seen(const std::map<device_id, device_record>& devices);

/// A user's inbox and devices. Pure: no actor, no I/O, no clock.
///
/// Invariants:
/// 1. Offsets are 1, 2, 3, …; a conversation's entries come in sequence.
/// 2. An entry at or below the last sequence seen of its conversation has
///    been here before and is dropped.
/// 3. A device's cursor never moves back, nor beyond the head.
class user_machine {
public:
  /// The store has to be asked for this conversation's last sequence. All that
  /// `append` ever wrote of it is committed.
  struct lookup {
    conversation_id conversation;
  };

  /// Both must outlive it: there is a machine for each user.
  user_machine(const keyring& keys, const user_options& options);

  void load(user_state from);

  /// Adds entries first, first + 1, … of a conversation to the inbox, as far
  /// as they are new.
  std::optional<lookup> append(const conversation_id& from, sequence first,
                               std::span<const item_bytes> items,
                               persistence::writes& out);

  void looked_up(const conversation_id& which, sequence last);

  /// What one `append` wrote is committed. Call it for each that wrote.
  void written(const conversation_id& which);

  // -- devices ----------------------------------------------------------------

  /// Fails with too_many_devices. A new device starts at the floor.
  result<device_record> attach(const device_id& which, timestamp now,
                               persistence::writes& out);
  /// Remembers when the device was last here, and its cursor.
  void detach(const device_id& which, timestamp now, persistence::writes& out);
  /// Stored with the next write, or by `store_cursors`.
  void acknowledge(const device_id& which, inbox_offset upto);
  void store_cursors(persistence::writes& out);
  bool cursors_moved() const noexcept { return cursors_moved_; }
  /// Fails with not_found.
  result<void> remove(const device_id& which, persistence::writes& out);
  const std::map<device_id, device_record>& devices() const noexcept {
    return devices_;
  }

  // -- retention --------------------------------------------------------------

  /// Entries up to this one have been acknowledged by every device.
  inbox_offset removable() const;
  /// Stores the cursors, too.
  void removed(inbox_offset upto, persistence::writes& out);

  const keyring& keys() const noexcept { return keys_; }
  inbox_offset head() const noexcept { return {tail_.last()}; }
  inbox_offset floor() const noexcept { return {floor_.position}; }
  const tail& inbox() const noexcept { return tail_; }

private:
  struct seen_entry {
    sequence last;
    std::list<conversation_id>::iterator age;
    std::size_t writing = 0; ///< appends that are not committed
  };

  seen_entry* find_seen(const conversation_id& which);
  void store(const device_id& which, persistence::writes& out) const;

  const keyring& keys_;
  const user_options& options_;

  std::map<device_id, device_record> devices_;
  bool cursors_moved_ = false;
  floor_record floor_;
  tail tail_;
  /// Least recently used first.
  std::list<conversation_id> ages_;
  std::unordered_map<conversation_id, seen_entry> seen_;
};

} // namespace iris::actors
