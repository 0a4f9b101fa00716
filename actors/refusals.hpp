#pragma once

#include "actors/interfaces.hpp"

/// Answers commands that nobody will carry out.
namespace iris::actors {

void refuse(const submit& what, const error& why);
void refuse(const read_history& what, const error& why);
void refuse(const read_roster& what, const error& why);
void refuse(const read_status& what, const error& why);
void refuse(const read_statuses& what, const error& why);
void refuse(const list_conversations& what, const error& why);
void refuse(const list_devices& what, const error& why);
void refuse(const remove_device& what, const error& why);
void refuse(const change_cluster& what, const error& why);
void refuse(const compare_shard& what, const error& why);
void refuse(const open_inbox& what, const error& why);
void refuse(const read_inbox& what, const error& why);

/// What is repeated until it is answered, or needs no answer.
template <class T>
void refuse(const T&, const error&) {
  // nop
}

/// For messages whose type is only known by looking.
void refuse_any(const caf::type_erased_tuple& what, const error& why);

/// As a client sees it.
protocol::failed to_frame(const error& why);

} // namespace iris::actors
