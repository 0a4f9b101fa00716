#pragma once

#include "actors/conversation_machine.hpp"
#include "tests/actors/support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <vector>

namespace iris::actors::test {

/// A conversation machine as its shell drives it: lookups are answered from
/// the store, and what is decided is committed at once.
class conversation_harness {
public:
  explicit conversation_harness(conversation_id which,
                                conversation_options with = {},
                                std::uint16_t shard_count = 4)
    : id(which), keys({0}, ref_of(which)), options(with), shards(shard_count) {
    reload();
  }

  /// A crash, or a rest: all that is in memory is read again.
  void reload() {
    auto found = conversation_state::load(db.reader(), keys);
    REQUIRE(found);
    machine_ =
      std::make_unique<conversation_machine>(id, keys, options, shards);
    machine_->load(std::move(*found));
  }

  conversation_machine::decision submit(const user_id& who,
                                        const submission& what) {
    for (;;) {
      persistence::writes out;
      auto decision = machine_->submit({who, phone}, what, {now}, out);
      auto* unknown = std::get_if<conversation_machine::lookup>(&decision);
      if (!unknown) {
        if (!std::holds_alternative<conversation_machine::accepted>(decision))
          CHECK(out.empty());
        CHECK(out.only_below(keys.prefix()));
        db.apply(out);
        return decision;
      }
      ++lookups;
      CHECK(out.empty());
      auto key = keys.dedup(unknown->id.first, unknown->id.second);
      auto found = db.reader().get(key);
      REQUIRE(found);
      machine_->looked_up(unknown->id, *found
                                         ? std::optional{*decode_dedup(**found)}
                                         : std::nullopt);
    }
  }

  /// Expects it to be accepted.
  protocol::sent ok(const user_id& who, const submission& what) {
    auto decision = submit(who, what);
    if (auto* refused = std::get_if<error>(&decision))
      FAIL(to_string(*refused));
    return std::get<conversation_machine::accepted>(decision).answer;
  }

  /// Expects it to be refused.
  errc refused(const user_id& who, const submission& what) {
    auto decision = submit(who, what);
    if (auto* why = std::get_if<error>(&decision))
      return why->code;
    return errc::none;
  }

  /// A new submission; ids are a millisecond apart.
  submission message(std::string body) {
    submission out;
    out.id = id_at(++now, ++salt_);
    out.body = std::move(body);
    return out;
  }

  submission change(protocol::item_kind kind, std::vector<user_id> users) {
    auto out = message("");
    out.kind = kind;
    out.users = std::move(users);
    return out;
  }

  conversation_machine* operator->() { return machine_.get(); }

  const conversation_id id;
  const keyring keys;
  store db;
  const conversation_options options;
  const std::uint16_t shards;
  device_id phone = device("phone");
  std::int64_t now = 1'700'000'000'000;
  int lookups = 0;

private:
  std::uint64_t salt_ = 0;
  std::unique_ptr<conversation_machine> machine_;
};

/// Members as "name role since", in order.
std::vector<std::string> roster(conversation_harness& of);

/// The items of the log, decoded.
std::vector<protocol::item> log(const conversation_harness& of);

} // namespace iris::actors::test
