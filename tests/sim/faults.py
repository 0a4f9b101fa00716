#!/usr/bin/env python3
"""Copies of the product's sources with deliberate faults in them.

Each fault is a name, a file, a piece of its text and what stands there
instead; docs/testing.md says which invariant catches it. The product's own
sources have no hooks: what is tested here is whether the simulation notices.

  faults.py runs               each name, and the options it is looked for with
  faults.py files              the files that differ
  faults.py copy FILE TO       FILE with its faults
"""

import pathlib
import sys

# Of a fault that one node alone does not show; where it takes long to find,
# from a little before the seed that shows it.
SEVERAL = "--nodes 3"

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

FAULTS = [
    # -- the log --------------------------------------------------------------
    ("ack_before_sync", "persistence/writers.cpp",
     "auto durable = write(changes);",
     """if (fault("ack_before_sync")) {
    for (auto& x : waiting)
      x.home->post([done = std::move(x.done)] { done({}); });
    return thread_.post([this, changes] { static_cast<void>(write(changes)); });
  }
  auto durable = write(changes);"""),
    ("log_write_not_synced", "persistence/log_store.cpp",
     "return db->write(batch, true);",
     'return db->write(batch, !fault("log_write_not_synced"));'),
    ("directory_not_synced", "persistence/guarded_env.cpp",
     "if (!rules_.sync_directories)",
     'if (!rules_.sync_directories || fault("directory_not_synced"))'),
    ("closed_log_not_synced", "persistence/guarded_env.cpp",
     "auto out = sync_at_close_ && !synced_ ? Sync() : Status::OK();",
     """auto out = sync_at_close_ && !synced_ && !fault("closed_log_not_synced")
                 ? Sync() : Status::OK();""", "--seeds 301..1300"),
    ("failed_sync_retried", "persistence/guarded_env.cpp",
     """auto out = env_.guarded([&] { return target_->Sync(); });
    synced_ = out.ok();""",
     """auto out = env_.guarded([&] {
      auto first = target_->Sync();
      return first.ok() || !fault("failed_sync_retried") ? first
                                                         : target_->Sync();
    });
    synced_ = out.ok();"""),
    ("answer_before_commit", "cluster/shard.cpp",
     "open_waiters_.push_back(std::move(who));",
     """if (fault("answer_before_commit")) {
    parts_.home.post(std::move(who.committed));
    who.committed = [] {};
  }
  open_waiters_.push_back(std::move(who));"""),

    # -- the state ------------------------------------------------------------
    ("applied_index_apart", "persistence/state_store.cpp",
     "if (auto ok = impl_->db->write(builder.batch(), false); !ok)",
     """if (fault("applied_index_apart")) {
    leveldb::WriteBatch first;
    for (const auto& [shard, point] : points) {
      auto key = applied_key(shard);
      first.Put(key, encode(key, point));
    }
    if (auto ok = impl_->db->write(first, false); !ok)
      return ok.failure();
  }
  if (auto ok = impl_->db->write(builder.batch(), false); !ok)"""),
    ("log_cut_before_sync", "persistence/state_writer.cpp",
     "  unsynced_bytes_ = 0;\n",
     '  unsynced_bytes_ = 0;\n  if (fault("log_cut_before_sync"))\n'
     "    return applied;\n"),

    # -- conversations --------------------------------------------------------
    ("dedup_in_memory", "actors/conversation_machine.cpp",
     "out.put(keys_.dedup(what.id, who.user), encode(where));",
     """if (!fault("dedup_in_memory"))
    out.put(keys_.dedup(what.id, who.user), encode(where));"""),
    ("dedup_off", "actors/conversation_machine.cpp",
     "case dedup_index::answer::known:\n    break;",
     """case dedup_index::answer::known:
    if (fault("dedup_off"))
      return std::nullopt;
    break;"""),
    ("dedup_forgets_early", "actors/conversation.cpp",
     "auto oldest = now().ms - env().conversation.idempotency_window.count()",
     """auto oldest = now().ms - (fault("dedup_forgets_early")
                               ? -clock_skew_max
                               : env().conversation.idempotency_window).count()
"""),
    ("after_ignored", "actors/conversation_machine.cpp",
     "if (answer == dedup_index::answer::unknown)\n    return lookup{key};\n"
     "  return error{errc::out_of_order,",
     """if (answer == dedup_index::answer::unknown)
    return lookup{key};
  if (fault("after_ignored"))
    return std::nullopt;
  return error{errc::out_of_order,"""),
    ("taken_and_refused", "actors/conversation.cpp",
     """        std::get<conversation_machine::accepted>(decision).answer);
    }""",
     """        std::get<conversation_machine::accepted>(decision).answer);
      if (std::get<conversation_machine::accepted>(decision).answer.duplicate
          && fault("taken_and_refused")) {
        auto frame = to_frame({errc::already_exists, "planted"});
        frame.id = one.id;
        what->answer.answers.back() = std::move(frame);
      }
    }"""),
    ("removed_member_served", "actors/conversation_machine.cpp",
     "auto last = i.until.value == 0 ? to : std::min(to, i.until);",
     """auto last = i.until.value == 0 || fault("removed_member_served")
                    ? to : std::min(to, i.until);"""),
    ("cut_above_floor", "actors/conversation_machine.cpp",
     "auto out = head_;\n  for (const auto& x : cursors_)",
     """auto out = head_;
  if (fault("cut_above_floor"))
    return out;
  for (const auto& x : cursors_)""", SEVERAL),

    # -- delivery -------------------------------------------------------------
    ("cursor_before_delivery", "actors/conversation.cpp",
     "env().routes.to_shard(where, std::move(out));",
     """if (fault("cursor_before_delivery"))
    machine_.delivered(where, last);
  env().routes.to_shard(where, std::move(out));"""),
    ("delivery_before_message", "cluster/shard.cpp",
     "open_ += what.bytes();",
     """open_ += what.bytes();
  if (who.logged && fault("delivery_before_message"))
    std::exchange(who.logged, {})();""", SEVERAL),
    ("logged_refused", "actors/conversation.cpp",
     "|| what.match_elements<logged>()",
     '|| (what.match_elements<logged>() && !fault("logged_refused"))'),
    ("fan_out_reversed", "actors/conversation.cpp",
     "fan_out out{machine_.id(), where, first, std::move(items),",
     """if (items.size() > 1 && fault("fan_out_reversed"))
    std::reverse(items.begin(), items.end());
  fan_out out{machine_.id(), where, first, std::move(items),"""),
    ("inbox_dedup_off", "actors/user_machine.cpp",
     "if (seq > *last) {",
     'if (seq > *last || fault("inbox_dedup_off")) {'),
    ("seen_not_stored", "actors/user_machine.cpp",
     "if (*last != before)",
     'if (*last != before && !fault("seen_not_stored"))'),

    ("fan_out_not_resumed", "actors/shard_host.cpp",
     "wake_marked(wake_prefix(with_.shard.id));\n  if (",
     """if (!fault("fan_out_not_resumed"))
    wake_marked(wake_prefix(with_.shard.id));
  if ("""),

    # -- devices --------------------------------------------------------------
    ("acknowledged_when_sent", "actors/user.cpp",
     "to.waiting = false;",
     """to.waiting = false;
  if (!items.empty() && fault("acknowledged_when_sent"))
    machine_.acknowledge(to.device, {first.value + items.size() - 1});"""),
    ("inbox_cut_above_cursor", "actors/user_machine.cpp",
     "auto out = head();\n  for (const auto& x : devices_)",
     """auto out = head();
  if (fault("inbox_cut_above_cursor"))
    return out;
  for (const auto& x : devices_)"""),
    ("page_before_commit", "actors/user.cpp",
     "auto wrote = !out.empty();",
     """if (fault("page_before_commit")) {
    committed_ = machine_.head();
    serve_all();
  }
  auto wrote = !out.empty();"""),

    # -- several nodes --------------------------------------------------------
    ("vote_not_synced", "persistence/log_store.cpp",
     "impl_->add(x, batch);\n  return impl_->write(batch);",
     """impl_->add(x, batch);
  auto only_votes = [](const log_change& x) {
    return x.first_index == 0 && !x.floor;
  };
  if (std::all_of(changes.begin(), changes.end(), only_votes)
      && fault("vote_not_synced"))
    return impl_->db->write(batch, false);
  return impl_->write(batch);""", SEVERAL),
    ("anybody_admitted", "persistence/peer_memory.cpp",
     "if (auto found = known_.find(node); found != known_.end()) {",
     """if (auto found = known_.find(node);
      found != known_.end() && !fault("anybody_admitted")) {""", SEVERAL),
    ("read_from_deposed", "cluster/shard.cpp",
     "if (alone())\n    what();",
     """if (alone() || (open_waiters_.empty() && proposals_.empty()
                  && fault("read_from_deposed")))
    what();""", SEVERAL),
    ("lease_on_wall_clock", "cluster/shard.cpp",
     "    stage({}, {{}, std::move(what)});",
     """{
    static std::map<std::weak_ptr<bool>, timestamp, std::owner_less<>> leases;
    auto now = parts_.time.wall_now();
    if (leading_ && leases.contains(alive_)
        && now.ms < leases[alive_].ms + 300 && open_waiters_.empty()
        && proposals_.empty() && fault("lease_on_wall_clock"))
      return what();
    stage({}, {{}, [by = std::weak_ptr{alive_}, now, what = std::move(what)] {
                 leases[by] = now;
                 what();
               }});
  }""", SEVERAL),
    ("acknowledged_by_one", "cluster/shard.cpp",
     "take(std::move(update));\n  // There is no other log",
     """take(std::move(update));
  if (!core_->lone_voter() && fault("acknowledged_by_one"))
    for (auto& x : proposals_.back().waiters)
      parts_.home.post(std::exchange(x.committed, [] {}));
  // There is no other log""", SEVERAL),
    ("dedup_dropped_from_image", "persistence/shard_image.cpp",
     "if (key == after || key == own)",
     """auto dedup = [&key] {
      auto who = owner_of(key);
      return who && who->kind == actor_kind::conversation
             && key[key_prefix(shard_id{}, *who).size()] == 'D';
    };
    if (key == after || key == own
        || (dedup() && fault("dedup_dropped_from_image")))""", SEVERAL),

    # -- queues ---------------------------------------------------------------
    ("queue_drops_oldest", "actors/shard_host.cpp",
     "if (!led_ && !stopped_ && may_wait(what))",
     """if (!led_ && !stopped_ && early_.size() >= with_.env.mailbox_max
      && fault("queue_drops_oldest"))
    early_.erase(early_.begin());
  if (!led_ && !stopped_ && may_wait(what))"""),
    ("full_mailbox_drops", "actors/refusals.cpp",
     """refuse_any(const caf::type_erased_tuple& what, const error& why) {""",
     """refuse_any(const caf::type_erased_tuple& what, const error& why) {
  if (fault("full_mailbox_drops"))
    return;"""),
]


def copy(file, faults):
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, where, found, instead, *_ in faults:
        if where != file:
            continue
        if text.count(found) != 1:
            sys.exit(f"{file}: fault {name} expected this text once, found it "
                     f"{text.count(found)} times:\n{found}")
        text = text.replace(found, instead)
    return ('#include "tests/sim/fault.hpp"\nusing iris::sim::fault;\n'
            f'#line 1\n{text}')


def main(arguments, faults):
    if arguments == ["runs"]:
        runs = [" ".join([x[0], *x[4:]]) for x in faults]
        print("\n".join(dict.fromkeys(runs)))
    elif arguments == ["files"]:
        print("\n".join(sorted({x[1] for x in faults})))
    elif len(arguments) == 3 and arguments[0] == "copy":
        pathlib.Path(arguments[2]).write_text(copy(arguments[1], faults),
                                              encoding="utf-8")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:], FAULTS)
