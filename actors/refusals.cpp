#include "actors/refusals.hpp"

namespace iris::actors {

namespace {

template <class T>
void answer(const T& what, const error& why) {
  caf::anon_send(what.reply_to, answered{what.tag, to_frame(why), {}});
}

template <class... Ts>
void refuse_first(const caf::type_erased_tuple& what, const error& why) {
  auto try_one = [&]<class T>(const T*) {
    if (!what.match_elements<T>())
      return false;
    refuse(what.get_as<T>(0), why);
    return true;
  };
  (try_one(static_cast<const Ts*>(nullptr)) || ...);
}

} // namespace

protocol::failed to_frame(const error& why) {
  protocol::failed out;
  out.code = why.code;
  out.text = why.context;
  out.retry_after_ms = why.retry_after_ms;
  return out;
}

void refuse(const submit& what, const error& why) {
  submitted out{what.tag, {}};
  for (const auto& x : what.list) {
    auto frame = to_frame(why);
    frame.id = x.id;
    out.answers.emplace_back(std::move(frame));
  }
  caf::anon_send(what.reply_to, std::move(out));
}

void refuse(const read_history& what, const error& why) {
  answer(what, why);
}

void refuse(const read_roster& what, const error& why) {
  answer(what, why);
}

void refuse(const read_status& what, const error& why) {
  answer(what, why);
}

void refuse(const read_statuses& what, const error& why) {
  answer(what, why);
}

void refuse(const list_conversations& what, const error& why) {
  answer(what, why);
}

void refuse(const list_devices& what, const error& why) {
  answer(what, why);
}

void refuse(const remove_device& what, const error& why) {
  answer(what, why);
}

void refuse(const change_cluster& what, const error& why) {
  answer(what, why);
}

void refuse(const compare_shard& what, const error& why) {
  caf::anon_send(what.reply_to, shard_compared{what.tag, why, {}});
}

void refuse(const open_inbox& what, const error& why) {
  caf::anon_send(what.from, attached{why, {}, {}, {}, 0});
}

void refuse(const read_inbox& what, const error& why) {
  if (why.code == errc::not_leader || why.code == errc::unavailable)
    return caf::anon_send(what.from, detached{});
  // Its connection can't go on reading: the client connects again.
  caf::anon_send(what.from, cut_off{why});
}

void refuse_any(const caf::type_erased_tuple& what, const error& why) {
  refuse_first<submit, read_history, read_roster, read_status, read_statuses,
               list_conversations, list_devices, remove_device, change_cluster,
               compare_shard, open_inbox>(what, why);
}

} // namespace iris::actors
