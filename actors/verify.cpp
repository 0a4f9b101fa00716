#include "actors/verify.hpp"

#include "actors/conversation_machine.hpp"
#include "actors/durable.hpp"
#include "base/codec.hpp"
#include "protocol/codec.hpp"

#include <map>
#include <optional>

namespace iris::actors {

namespace {

using persistence::actor_kind;
using persistence::actor_ref;
using persistence::state_store;

/// One actor's records, as they come by.
struct log_progress {
  std::uint64_t floor = 0;
  std::uint64_t last = 0;
  timestamp at;
};

class verifier {
public:
  verifier(const state_store& store, std::uint16_t shards, bool alone,
           const std::function<void(const std::string&)>& problem)
    : store_(store), shards_(shards), alone_(alone), problem_(problem) {}

  result<verify_counts> run() {
    for (std::uint16_t i = 0; i < shards_; ++i) {
      shard_ = {i};
      auto incomplete = store_.incomplete(shard_);
      if (!incomplete)
        return incomplete.failure();
      if (*incomplete)
        continue;
      std::string first, last;
      encoder{first}.u16(i);
      encoder{last}.u16(static_cast<std::uint16_t>(i + 1));
      auto scanned =
        store_.scan(first, last, false, [this](auto key, auto payload) {
          visit(key, payload);
          return static_cast<bool>(failed_);
        });
      finish_actor();
      if (!scanned)
        return scanned.failure();
      if (!failed_)
        return failed_.failure();
    }
    return counts_;
  }

private:
  void report(const std::string& what) {
    ++counts_.problems;
    problem_(where() + ": " + what);
  }

  std::string where() const {
    auto out = "shard " + std::to_string(shard_.value);
    if (who_.kind == actor_kind::user)
      out += ", user " + who_.id;
    else if (who_.kind == actor_kind::conversation && who_.id.size() == 16)
      out += ", conversation " + conversation_id::from_bytes(who_.id).str();
    return out;
  }

  void visit(std::string_view key, std::string_view payload) {
    ++counts_.keys;
    auto owner = persistence::owner_of(key);
    if (!owner)
      return report("a key that belongs to nobody");
    if (owner->kind == actor_kind::shard)
      return;
    if (*owner != who_ || !keys_) {
      finish_actor();
      start_actor(std::move(*owner));
    }
    auto kind = static_cast<record>(key[keys_->prefix().size()]);
    auto suffix = keys_->suffix(key);
    if (who_.kind == actor_kind::conversation)
      visit_conversation(kind, suffix, payload);
    else
      visit_user(kind, suffix, payload);
  }

  void start_actor(actor_ref who) {
    who_ = std::move(who);
    keys_.emplace(shard_, who_);
    log_ = {};
    if (persistence::shard_of(who_, shards_) != shard_)
      report("lives on another shard than its hash says");
    if (auto floor = get(keys_->all(record::floor), decode_floor)) {
      log_.floor = log_.last = floor->position;
      log_.at = floor->at;
    }
    ++(who_.kind == actor_kind::user ? counts_.users : counts_.conversations);
  }

  void finish_actor() {
    if (keys_ && who_.kind == actor_kind::conversation)
      check_members();
    if (keys_ && who_.kind == actor_kind::user)
      check_seen();
    keys_.reset();
    in_inbox_.clear();
  }

  /// A record by key, decoded; nothing if there is none. Damage is reported.
  template <class T>
  std::optional<T> get(const std::string& key,
                       result<T> (*decode)(std::string_view)) {
    auto found = store_.get(key);
    if (!found)
      failed_ = found.failure();
    else if (*found) {
      if (auto out = decode(**found))
        return *out;
      report("a damaged record");
    }
    return std::nullopt;
  }

  /// Positions have to follow each other, from the floor on.
  void advance(std::uint64_t position, const char* what) {
    if (position != log_.last + 1)
      report(std::string{what} + " " + std::to_string(position) + " follows "
             + std::to_string(log_.last) + ", expected "
             + std::to_string(log_.last + 1));
    log_.last = position;
  }

  std::optional<protocol::item> item_of(std::string_view payload) {
    auto out = protocol::decode_item(payload);
    if (out)
      return std::move(*out);
    report("an entry that is not an item");
    return std::nullopt;
  }

  // -- conversations ----------------------------------------------------------

  void visit_conversation(record kind, std::string_view suffix,
                          std::string_view payload) {
    if (kind == record::log)
      visit_log(suffix, payload);
    else if (kind == record::dedup)
      visit_dedup(suffix, payload);
  }

  void visit_log(std::string_view suffix, std::string_view payload) {
    ++counts_.messages;
    auto position = decoder{suffix}.u64();
    advance(position, "sequence");
    auto item = item_of(payload);
    if (!item)
      return;
    if (item->seq.value != position || item->conversation.bytes() != who_.id)
      report("sequence " + std::to_string(position)
             + " holds the item of another place");
    if (item->at < log_.at)
      report("sequence " + std::to_string(position)
             + " is older than the one before");
    log_.at = item->at;
  }

  void visit_dedup(std::string_view suffix, std::string_view payload) {
    auto found = decode_dedup(payload);
    if (!found)
      return report("a damaged deduplication record");
    if (found->seq.value <= log_.floor)
      return;
    auto item =
      get(keys_->at(record::log, found->seq.value), protocol::decode_item);
    if (!item || item->id.bytes() != suffix.substr(0, 16)
        || item->from.str() != suffix.substr(16) || item->at != found->at)
      report("the index says of an id that it is sequence "
             + std::to_string(found->seq.value) + ", the log doesn't");
  }

  void check_members() {
    auto state = conversation_state::load(store_, *keys_);
    if (!state) {
      failed_ = state.failure();
      return;
    }
    if (!state->about)
      report("has a log but no description");
    auto owed = false;
    for (const auto& [user, x] : state->roster) {
      auto home = persistence::shard_of(ref_of(user), shards_);
      auto i = state->cursors.find(home);
      auto cursor = i == state->cursors.end() ? sequence{} : i->second;
      owed = owed || cursor < state->head;
      if (cursor > state->head)
        report("a delivery cursor is beyond the log");
      check_delivered(user, x, home, std::min(cursor, state->head));
    }
    if (owed && !marked())
      report("owes its members messages, but has no wake mark");
  }

  bool marked() {
    auto found = store_.get(wake_key(shard_, who_));
    if (!found)
      failed_ = found.failure();
    return found && *found;
  }

  /// What the cursor says was delivered has been seen.
  void check_delivered(const user_id& user, const member_record& x,
                       shard_id home, sequence cursor) {
    if (!alone_ && home != shard_)
      return;
    auto since = x.intervals.back().since;
    auto until = x.intervals.back().until;
    auto upto = until.value == 0 ? cursor : std::min(cursor, until);
    if (upto < since)
      return;
    auto seen =
      get(keyring{home, ref_of(user)}.of(record::seen, who_.id), decode_number);
    if (!seen || *seen < upto.value)
      report(user.str() + " was sent everything up to "
             + std::to_string(upto.value) + ", but has seen "
             + std::to_string(seen.value_or(0)));
  }

  // -- users ------------------------------------------------------------------

  void visit_user(record kind, std::string_view suffix,
                  std::string_view payload) {
    if (kind == record::inbox) {
      visit_inbox(suffix, payload);
    } else if (kind == record::device) {
      auto device = decode_device(payload);
      if (!device)
        report("a damaged device record");
      else if (device->cursor.value > log_.last)
        report("a device's cursor is beyond the inbox");
    }
  }

  void visit_inbox(std::string_view suffix, std::string_view payload) {
    ++counts_.inbox_entries;
    auto position = decoder{suffix}.u64();
    advance(position, "offset");
    auto item = item_of(payload);
    if (!item)
      return;
    auto& last = in_inbox_[item->conversation];
    if (item->seq <= last)
      report("offset " + std::to_string(position) + " has sequence "
             + std::to_string(item->seq.value) + " behind "
             + std::to_string(last.value));
    last = item->seq;
    auto home = persistence::shard_of(ref_of(item->conversation), shards_);
    keyring keys{home, ref_of(item->conversation)};
    auto original = store_.get(keys.at(record::log, item->seq.value));
    if (!original)
      failed_ = original.failure();
    else if (*original && **original != payload)
      report("offset " + std::to_string(position)
             + " differs from the conversation's log");
  }

  void check_seen() {
    for (const auto& [conversation, last] : in_inbox_) {
      auto seen =
        get(keys_->of(record::seen, conversation.bytes()), decode_number);
      if (!seen || *seen != last.value)
        report("the inbox ends at sequence " + std::to_string(last.value)
               + " of " + conversation.str() + ", but it has seen "
               + std::to_string(seen.value_or(0)));
    }
  }

  const state_store& store_;
  const std::uint16_t shards_;
  const bool alone_;
  const std::function<void(const std::string&)>& problem_;
  verify_counts counts_;
  result<void> failed_;
  shard_id shard_;
  actor_ref who_;
  std::optional<keyring> keys_;
  log_progress log_;
  std::map<conversation_id, sequence> in_inbox_;
};

} // namespace

result<verify_counts>
verify(const state_store& store, std::uint16_t shards, bool alone,
       const std::function<void(const std::string&)>& problem) {
  return verifier{store, shards, alone, problem}.run();
}

} // namespace iris::actors
