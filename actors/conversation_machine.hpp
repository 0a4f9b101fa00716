#pragma once

#include "actors/dedup_index.hpp"
#include "actors/records.hpp"
#include "actors/tail.hpp"
#include "persistence/state_store.hpp"
#include "persistence/writes.hpp"
#include "protocol/frames.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace iris::actors {

/// Who submits.
struct author {
  user_id user;
  device_id device;
};

/// A message, or a change of members, on its way into a conversation.
struct submission {
  message_id id;
  protocol::item_kind kind = protocol::item_kind::message;
  std::string body;
  std::optional<user_id> to; ///< the other user, when a send names a user
  std::optional<message_id> after;
  std::vector<user_id> users; ///< named by a change of members, each once
  std::string title;
  std::string trace;
};

/// Limits that an operator sets.
struct conversation_options {
  std::chrono::milliseconds idempotency_window = std::chrono::hours{7 * 24};
  std::chrono::milliseconds retention{0}; ///< 0: for ever
  std::size_t members_max = 1000;
  std::size_t tail_bytes_max = 64 * 1024;
};

/// What activation reads from the store: a bounded part of it.
struct conversation_state {
  std::optional<about_record> about;
  std::map<user_id, member_record> roster;
  std::map<shard_id, sequence> cursors;
  std::map<dedup_index::key, dedup_record> newest_ids;
  bool all_ids = true;
  timestamp forgotten;
  floor_record floor;
  sequence head;
  timestamp last_at;

  /// Any thread. Fails with corrupt or io_failed.
  static result<conversation_state> load(const persistence::state_store& store,
                                         const keyring& keys);
};

/// Decides what happens to a conversation. Pure: no actor, no I/O, no clock.
///
/// Invariants:
/// 1. Sequences are 1, 2, 3, …; times never run backwards.
/// 2. A submission with a known id changes nothing.
/// 3. A member is sent exactly the sequences inside its intervals.
class conversation_machine {
public:
  struct accepted {
    protocol::sent answer;
    item_bytes item; ///< null for a duplicate
  };

  /// The store has to be asked about this id before a decision.
  struct lookup {
    dedup_index::key id;
  };

  using decision = std::variant<accepted, error, lookup>;

  /// A part of the log for the members that live on one shard.
  struct recipient {
    user_id user;
    sequence from;
    sequence to;
  };

  conversation_machine(conversation_id id, keyring keys,
                       conversation_options options, std::uint16_t shards);

  void load(conversation_state from);

  /// Decides on one submission; what has to be stored is added to `out`.
  decision submit(const author& who, const submission& what, timestamp now,
                  persistence::writes& out);

  void looked_up(const dedup_index::key& id, std::optional<dedup_record> found);

  /// Why `who` may not read, or nothing.
  error refuse_reader(const user_id& who) const;
  /// First sequence that `who` may read. Precondition: may read.
  sequence readable_from(const user_id& who) const;
  protocol::members members() const;

  /// Removes what is known of the ids up to this key. From then on they are too
  /// old, whatever becomes of the clock and of the window.
  void forget_ids(const std::string& last, persistence::writes& out);

  // -- delivery ---------------------------------------------------------------

  /// Shards that have not got everything up to `head` yet, with the last
  /// sequence each has.
  std::vector<std::pair<shard_id, sequence>> behind(sequence upto) const;
  std::vector<recipient> recipients(shard_id where, sequence from,
                                    sequence to) const;
  /// `where` has got everything up to `upto`.
  void delivered(shard_id where, sequence upto);
  /// Adds the cursors that moved since they were last stored, and removes
  /// those that left and have got everything.
  void store_cursors(persistence::writes& out);

  // -- retention --------------------------------------------------------------

  /// Sequences up to this one may be removed: everybody has got them.
  sequence removable() const;
  void removed(sequence upto, timestamp at, persistence::writes& out);

  const conversation_id& id() const noexcept { return id_; }
  const keyring& keys() const noexcept { return keys_; }
  const conversation_options& options() const noexcept { return options_; }
  sequence head() const noexcept { return head_; }
  const floor_record& floor() const noexcept { return floor_; }
  const tail& log() const noexcept { return tail_; }

private:
  decision decide(const author& who, const submission& what, timestamp now,
                  persistence::writes& out);
  error refuse_id(const submission& what, timestamp now) const;
  std::optional<decision> settle_duplicate(const author& who,
                                           const submission& what);
  std::optional<decision> settle_order(const author& who,
                                       const submission& what, timestamp now);
  bool too_old(const message_id& id, timestamp now) const;
  error admit(const author& who, const submission& what);
  error create(const author& who, const submission& what,
               persistence::writes& out);
  error change_members(const author& who, const submission& what,
                       persistence::writes& out);
  error add_members(const author& who, const submission& what,
                    persistence::writes& out);
  error remove_members(const author& who, const submission& what,
                       persistence::writes& out);
  error leave(const author& who, persistence::writes& out);
  void join(const user_id& who, protocol::role as, sequence since,
            persistence::writes& out);
  void end(const user_id& who, persistence::writes& out);
  accepted append(const author& who, const submission& what, timestamp now,
                  persistence::writes& out);
  const member_record* current_member(const user_id& who) const;
  std::size_t current_members() const;
  shard_id home_of(const user_id& who) const;

  const conversation_id id_;
  const keyring keys_;
  const conversation_options options_;
  const std::uint16_t shards_;

  std::optional<about_record> about_;
  std::map<user_id, member_record> roster_;
  std::map<shard_id, sequence> cursors_;
  std::map<shard_id, sequence> stored_cursors_;
  dedup_index ids_;
  timestamp forgotten_;
  floor_record floor_;
  sequence head_;
  timestamp last_at_;
  tail tail_;
};

} // namespace iris::actors
