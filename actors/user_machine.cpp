#include "actors/user_machine.hpp"

#include "actors/store_reader.hpp"
#include "base/assert.hpp"

#include <algorithm>

namespace iris::actors {

namespace {

/// As many as fit into the text of an error frame, however long they are.
constexpr std::size_t names_told_max = 12;

/// For whoever has to remove one and may know none of them by name.
std::string names_of(const std::map<device_id, device_record>& devices) {
  std::string out;
  std::size_t told = 0;
  for (const auto& x : devices) {
    if (told == names_told_max)
      return out + " and " + std::to_string(devices.size() - told) + " more";
    out += (told++ == 0 ? "" : ", ") + x.first.str();
  }
  return out;
}

} // namespace

result<user_state> user_state::load(const persistence::state_store& store,
                                    const keyring& keys) {
  user_state out;
  store_reader in{store, keys};
  in.each(record::device, false, SIZE_MAX, [&](auto suffix, auto payload) {
    auto device = device_id::parse(suffix);
    return device ? keep(decode_device(payload), out.devices[*device])
                  : result<void>{device.failure()};
  });
  in.each(record::floor, false, 1, [&](auto, auto payload) {
    return keep(decode_floor(payload), out.floor);
  });
  out.head = {out.floor.position};
  auto inbox = keys.all(record::inbox);
  auto last = store.scan(inbox, persistence::prefix_end(inbox), true,
                         [&](std::string_view key, std::string_view) {
                           out.head = {keyring::position(key)};
                           return false;
                         });
  if (!in.ok())
    return in.ok().failure();
  if (!last)
    return last.failure();
  return out;
}

timestamp last_seen(const std::map<device_id, device_record>& devices) {
  timestamp out;
  for (const auto& x : devices)
    out = std::max(out, x.second.seen);
  return out;
}

user_machine::user_machine(const keyring& keys, const user_options& options)
  : keys_(keys), options_(options), tail_(options.tail_bytes_max) {
  // nop
}

void user_machine::load(user_state from) {
  devices_ = std::move(from.devices);
  floor_ = from.floor;
  tail_.restart(from.head.value);
}

// -- inbox --------------------------------------------------------------------

std::optional<user_machine::lookup>
user_machine::append(const conversation_id& from, sequence first,
                     std::span<const item_bytes> items,
                     persistence::writes& out) {
  auto* seen = find_seen(from);
  if (!seen)
    return lookup{from};
  auto* last = &seen->last;
  auto before = *last;
  auto seq = first;
  for (const auto& x : items) {
    if (seq > *last) {
      tail_.append(x);
      out.put(keys_.at(record::inbox, tail_.last()), *x);
      *last = seq;
    }
    seq = seq.next();
  }
  if (*last != before) {
    out.put(keys_.of(record::seen, from.bytes()), encode_number(last->value));
    ++seen->writing;
  }
  return std::nullopt;
}

void user_machine::written(const conversation_id& which) {
  --seen_.at(which).writing;
}

void user_machine::looked_up(const conversation_id& which, sequence last) {
  while (seen_.size() >= options_.seen_max
         && seen_.at(ages_.front()).writing == 0) {
    seen_.erase(ages_.front());
    ages_.pop_front();
  }
  ages_.push_back(which);
  seen_[which] = {last, std::prev(ages_.end())};
}

user_machine::seen_entry*
user_machine::find_seen(const conversation_id& which) {
  auto i = seen_.find(which);
  if (i == seen_.end())
    return nullptr;
  ages_.splice(ages_.end(), ages_, i->second.age);
  return &i->second;
}

// -- devices ------------------------------------------------------------------

void user_machine::store(const device_id& which,
                         persistence::writes& out) const {
  out.put(keys_.of(record::device, which.str()), encode(devices_.at(which)));
}

result<device_record> user_machine::attach(const device_id& which,
                                           timestamp now,
                                           persistence::writes& out) {
  auto i = devices_.find(which);
  if (i == devices_.end()) {
    if (devices_.size() >= options_.devices_max)
      return error{errc::too_many_devices,
                   "expected at most " + std::to_string(options_.devices_max)
                     + " devices, found " + names_of(devices_)
                     + ": remove one first"};
    i = devices_.emplace(which, device_record{floor(), now}).first;
    store(which, out);
  }
  return i->second;
}

void user_machine::detach(const device_id& which, timestamp now,
                          persistence::writes& out) {
  auto i = devices_.find(which);
  if (i == devices_.end())
    return;
  i->second.seen = now;
  store(which, out);
}

void user_machine::acknowledge(const device_id& which, inbox_offset upto) {
  auto i = devices_.find(which);
  if (i == devices_.end() || upto <= i->second.cursor || upto > head())
    return;
  i->second.cursor = upto;
  cursors_moved_ = true;
}

void user_machine::store_cursors(persistence::writes& out) {
  if (!std::exchange(cursors_moved_, false))
    return;
  for (const auto& x : devices_)
    store(x.first, out);
}

result<void> user_machine::remove(const device_id& which,
                                  persistence::writes& out) {
  if (devices_.erase(which) == 0)
    return error{errc::not_found, "expected one of your devices"};
  out.erase(keys_.of(record::device, which.str()));
  return {};
}

// -- retention ----------------------------------------------------------------

inbox_offset user_machine::removable() const {
  // A user who never connected keeps everything.
  if (devices_.empty())
    return floor();
  auto out = head();
  for (const auto& x : devices_)
    out = std::min(out, x.second.cursor);
  return out;
}

void user_machine::removed(inbox_offset upto, persistence::writes& out) {
  IRIS_ASSERT(upto >= floor() && upto <= head());
  // Together: what a device acknowledged must not come back as gone.
  store_cursors(out);
  out.erase_range(keys_.at(record::inbox, floor_.position + 1),
                  keys_.at(record::inbox, upto.value + 1));
  floor_.position = upto.value;
  out.put(keys_.all(record::floor), encode(floor_));
}

} // namespace iris::actors
