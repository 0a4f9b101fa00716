#include "cluster/raft/shim.h"

#include <raft.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)IRIS_RAFT_COMMAND == (int)RAFT_COMMAND
                 && (int)IRIS_RAFT_BARRIER == (int)RAFT_BARRIER
                 && (int)IRIS_RAFT_CHANGE == (int)RAFT_CHANGE,
               "entry types are on disk");
_Static_assert((int)IRIS_RAFT_FOLLOWER == (int)RAFT_FOLLOWER
                 && (int)IRIS_RAFT_LEADER == (int)RAFT_LEADER,
               "roles are passed through");
_Static_assert((int)IRIS_RAFT_APPEND == (int)RAFT_APPEND_ENTRIES
                 && (int)IRIS_RAFT_TIMEOUT_NOW == (int)RAFT_TIMEOUT_NOW,
               "kinds of messages are passed through");

/* Of the messages' layouts, as the library numbers them. */
enum { vote_version = 2, result_version = 2 };

struct iris_raft {
  struct raft core;
  struct raft_entry* entries;
  unsigned capacity;
  iris_raft_message* messages;
  unsigned message_capacity;
};

iris_raft* iris_raft_new(uint64_t id, unsigned seed, iris_raft_options with) {
  char address[24];
  iris_raft* raft = calloc(1, sizeof *raft);
  if (raft == NULL)
    return NULL;
  snprintf(address, sizeof address, "%llu", (unsigned long long)id);
  if (raft_init(&raft->core, NULL, NULL, id, address) != 0) {
    free(raft);
    return NULL;
  }
  /* Rule 1. The default tracer writes to a static buffer: slow, and a data
   * race. */
  raft->core.tracer = NULL;
  raft_seed(&raft->core, seed);
  raft_set_election_timeout(&raft->core, with.election_timeout_ms);
  raft_set_heartbeat_timeout(&raft->core, with.heartbeat_ms);
  raft_set_install_snapshot_timeout(&raft->core, with.install_timeout_ms);
  raft_set_max_inflight_entries(&raft->core, with.inflight_entries_max);
  raft_set_pre_vote(&raft->core, true); /* rule 11 */
  return raft;
}

void iris_raft_free(iris_raft* raft) {
  raft_close(&raft->core, NULL);
  free(raft->entries);
  free(raft->messages);
  free(raft);
}

/* The library's view of entries. `token` stands for the memory that it thinks
 * they live in. */
static struct raft_entry* view(iris_raft* raft, const iris_raft_entry* entries,
                               unsigned count, void* token) {
  if (count > raft->capacity) {
    void* more = realloc(raft->entries, count * sizeof *raft->entries);
    if (more == NULL)
      return NULL;
    raft->entries = more;
    raft->capacity = count;
  }
  for (unsigned i = 0; i < count; ++i) {
    raft->entries[i] = (struct raft_entry){
      .term = entries[i].term,
      .type = (enum raft_entry_type)entries[i].type,
      .buf = {.base = (void*)entries[i].data, .len = entries[i].size},
      .batch = token,
    };
  }
  return raft->entries;
}

static iris_raft_message outgoing(const struct raft_message* from) {
  iris_raft_message out = {.kind = (uint8_t)from->type,
                           .peer = from->server_id};
  switch (from->type) {
  case RAFT_APPEND_ENTRIES:
    out.term = from->append_entries.term;
    out.prev_index = from->append_entries.prev_log_index;
    out.prev_term = from->append_entries.prev_log_term;
    out.leader_commit = from->append_entries.leader_commit;
    out.entry_count = from->append_entries.n_entries;
    break;
  case RAFT_APPEND_ENTRIES_RESULT:
    out.term = from->append_entries_result.term;
    out.rejected = from->append_entries_result.rejected;
    out.last_index = from->append_entries_result.last_log_index;
    break;
  case RAFT_REQUEST_VOTE:
    out.term = from->request_vote.term;
    out.last_index = from->request_vote.last_log_index;
    out.last_term = from->request_vote.last_log_term;
    out.disrupt = from->request_vote.disrupt_leader;
    out.pre_vote = from->request_vote.pre_vote;
    break;
  case RAFT_REQUEST_VOTE_RESULT:
    out.term = from->request_vote_result.term;
    out.granted = from->request_vote_result.vote_granted;
    out.pre_vote = from->request_vote_result.pre_vote;
    break;
  case RAFT_INSTALL_SNAPSHOT:
    out.term = from->install_snapshot.term;
    out.last_index = from->install_snapshot.last_index;
    out.last_term = from->install_snapshot.last_term;
    break;
  case RAFT_TIMEOUT_NOW:
    out.term = from->timeout_now.term;
    out.last_index = from->timeout_now.last_log_index;
    out.last_term = from->timeout_now.last_log_term;
    break;
  }
  return out;
}

static int take_messages(iris_raft* raft, const struct raft_update* update,
                         iris_raft_update* out) {
  unsigned count = update->messages.n;
  if (count > raft->message_capacity) {
    void* more = realloc(raft->messages, count * sizeof *raft->messages);
    if (more == NULL)
      return RAFT_NOMEM;
    raft->messages = more;
    raft->message_capacity = count;
  }
  for (unsigned i = 0; i < count; ++i)
    raft->messages[i] = outgoing(&update->messages.batch[i]);
  out->messages = raft->messages;
  out->message_count = count;
  return 0;
}

static int step(iris_raft* raft, struct raft_event* event, uint64_t now,
                iris_raft_update* out) {
  struct raft_update update;
  memset(out, 0, sizeof *out);
  event->time = now;
  int status = raft_step(&raft->core, event, &update);
  if (status != 0)
    return status;
  /* The macros lack parentheses (rule 15). */
  out->hard_state =
    (update.flags & (RAFT_UPDATE_CURRENT_TERM | RAFT_UPDATE_VOTED_FOR)) != 0;
  if (update.flags & (RAFT_UPDATE_ENTRIES)) {
    out->first_index = update.entries.index;
    out->entry_count = update.entries.n;
    /* A barrier of the library's own: its content is eight zero bytes. */
    out->barrier = update.entries.batch == &raft->core.barrier;
    if (out->barrier)
      raft_free(raft->core.barrier.buf.base);
    else
      out->entry_skip = (uint32_t)(update.entries.batch - raft->entries);
  }
  if (update.flags & (RAFT_UPDATE_MESSAGES))
    return take_messages(raft, &update, out);
  return 0;
}

static int decode(const iris_raft_bytes* bytes,
                  struct raft_configuration* out) {
  struct raft_buffer buffer = {.base = (void*)bytes->data, .len = bytes->size};
  return raft_configuration_decode(&buffer, out);
}

static int metadata_of(const iris_raft_floor* floor,
                       struct raft_snapshot_metadata* out) {
  memset(out, 0, sizeof *out);
  out->index = floor->index;
  out->term = floor->term;
  out->configuration_index = floor->configuration_index;
  return decode(&floor->configuration, &out->configuration);
}

int iris_raft_start(iris_raft* raft, uint64_t now, const iris_raft_log* log,
                    iris_raft_update* out) {
  struct raft_snapshot_metadata metadata;
  char token;
  struct raft_event event = {.type = RAFT_START};
  event.start.term = log->term;
  event.start.voted_for = log->vote;
  if (log->floor.index > 0) {
    int status = metadata_of(&log->floor, &metadata);
    if (status != 0)
      return status;
    event.start.metadata = &metadata; /* the library takes its content */
  }
  event.start.start_index = log->first_index;
  event.start.n_entries = log->count;
  if (log->count > 0) {
    event.start.entries = view(raft, log->entries, log->count, &token);
    if (event.start.entries == NULL)
      return RAFT_NOMEM;
  }
  return step(raft, &event, now, out);
}

static void incoming(const iris_raft_message* from, struct raft_message* out) {
  out->type = (enum raft_message_type)from->kind;
  out->server_id = from->peer;
  switch (out->type) {
  case RAFT_APPEND_ENTRIES:
    out->append_entries.term = from->term;
    out->append_entries.prev_log_index = from->prev_index;
    out->append_entries.prev_log_term = from->prev_term;
    out->append_entries.leader_commit = from->leader_commit;
    out->append_entries.n_entries = from->entry_count;
    break;
  case RAFT_APPEND_ENTRIES_RESULT:
    out->append_entries_result.version = result_version;
    out->append_entries_result.term = from->term;
    out->append_entries_result.rejected = from->rejected;
    out->append_entries_result.last_log_index = from->last_index;
    break;
  case RAFT_REQUEST_VOTE:
    out->request_vote.version = vote_version;
    out->request_vote.term = from->term;
    out->request_vote.candidate_id = from->peer;
    out->request_vote.last_log_index = from->last_index;
    out->request_vote.last_log_term = from->last_term;
    out->request_vote.disrupt_leader = from->disrupt;
    out->request_vote.pre_vote = from->pre_vote;
    break;
  case RAFT_REQUEST_VOTE_RESULT:
    out->request_vote_result.version = vote_version;
    out->request_vote_result.term = from->term;
    out->request_vote_result.vote_granted = from->granted;
    out->request_vote_result.pre_vote = from->pre_vote;
    break;
  case RAFT_TIMEOUT_NOW:
    out->timeout_now.term = from->term;
    out->timeout_now.last_log_index = from->last_index;
    out->timeout_now.last_log_term = from->last_term;
    break;
  case RAFT_INSTALL_SNAPSHOT:
    break;
  }
}

int iris_raft_receive(iris_raft* raft, uint64_t now,
                      const iris_raft_message* what,
                      const iris_raft_entry* entries, iris_raft_update* out) {
  struct raft_message message;
  struct raft_event event = {.type = RAFT_RECEIVE};
  struct raft_configuration own = raft->core.configuration;
  struct raft_server self = {raft->core.id, raft->core.address, RAFT_VOTER};
  char address[24];
  void* token = NULL;
  memset(&message, 0, sizeof message);
  snprintf(address, sizeof address, "%llu", (unsigned long long)what->peer);
  message.server_address = address;
  incoming(what, &message);
  event.receive.message = &message;
  if (what->entry_count > 0) {
    token = raft_malloc(1);
    message.append_entries.entries =
      view(raft, entries, what->entry_count, token);
    if (token == NULL || message.append_entries.entries == NULL)
      return RAFT_NOMEM;
  }
  if (what->as_voter)
    raft->core.configuration = (struct raft_configuration){&self, 1};
  int status = step(raft, &event, now, out);
  if (what->as_voter)
    raft->core.configuration = own;
  /* Where there is nothing to append, the library has freed it. */
  if (token != NULL && out->first_index > 0)
    raft_free(token);
  return status;
}

int iris_raft_tick(iris_raft* raft, uint64_t now, iris_raft_update* out) {
  struct raft_event event = {.type = RAFT_TIMEOUT};
  return step(raft, &event, now, out);
}

int iris_raft_submit(iris_raft* raft, uint64_t now,
                     const iris_raft_entry* entry, iris_raft_update* out) {
  char token;
  struct raft_event event = {.type = RAFT_SUBMIT};
  event.submit.entries = view(raft, entry, 1, &token);
  if (event.submit.entries == NULL)
    return RAFT_NOMEM;
  event.submit.n = 1;
  return step(raft, &event, now, out);
}

int iris_raft_persisted(iris_raft* raft, uint64_t now, uint64_t index,
                        iris_raft_update* out) {
  struct raft_event event = {.type = RAFT_PERSISTED_ENTRIES};
  event.persisted_entries.index = index;
  return step(raft, &event, now, out);
}

int iris_raft_configured(iris_raft* raft, uint64_t now, uint64_t index,
                         const iris_raft_bytes* configuration,
                         iris_raft_update* out) {
  struct raft_event event = {.type = RAFT_CONFIGURATION};
  int status = decode(configuration, &event.configuration.conf);
  if (status != 0)
    return status;
  event.configuration.index = index; /* the library takes the content */
  return step(raft, &event, now, out);
}

int iris_raft_compacted(iris_raft* raft, uint64_t now,
                        const iris_raft_floor* floor, unsigned trailing,
                        iris_raft_update* out) {
  struct raft_event event = {.type = RAFT_SNAPSHOT};
  int status = metadata_of(floor, &event.snapshot.metadata);
  if (status != 0)
    return status;
  event.snapshot.trailing = trailing; /* the library takes the metadata */
  return step(raft, &event, now, out);
}

int iris_raft_catch_up(iris_raft* raft, uint64_t now, uint64_t id,
                       iris_raft_update* out) {
  struct raft_event event = {.type = RAFT_CATCH_UP};
  event.catch_up.server_id = id;
  return step(raft, &event, now, out);
}

int iris_raft_transfer(iris_raft* raft, uint64_t now, uint64_t id,
                       iris_raft_update* out) {
  struct raft_event event = {.type = RAFT_TRANSFER};
  event.transfer.server_id = id;
  return step(raft, &event, now, out);
}

void iris_raft_stand_at(iris_raft* raft, uint64_t at) {
  struct raft* core = &raft->core;
  /* Who asks for votes has ended a term: its next election costs another. */
  if (core->state == RAFT_LEADER
      || (core->state == RAFT_CANDIDATE && !core->candidate_state.in_pre_vote))
    return;
  uint64_t timeout = core->state == RAFT_CANDIDATE
                       ? core->candidate_state.randomized_election_timeout
                       : core->follower_state.randomized_election_timeout;
  if (core->election_timer_start + timeout > at)
    core->election_timer_start = at > timeout ? at - timeout : 0;
}

void iris_raft_next_term(iris_raft* raft) {
  ++raft->core.current_term;
  raft->core.voted_for = raft->core.id;
}

uint64_t iris_raft_term(const iris_raft* raft) {
  return raft->core.current_term;
}

uint64_t iris_raft_vote(const iris_raft* raft) {
  return raft->core.voted_for;
}

uint64_t iris_raft_commit_index(const iris_raft* raft) {
  return raft->core.commit_index;
}

int iris_raft_role(const iris_raft* raft) {
  return raft->core.state;
}

uint64_t iris_raft_leader(const iris_raft* raft) {
  switch (raft->core.state) {
  case RAFT_LEADER:
    return raft->core.id;
  case RAFT_FOLLOWER:
    return raft->core.follower_state.current_leader.id;
  default:
    return 0;
  }
}

uint64_t iris_raft_last_stored(const iris_raft* raft) {
  return raft->core.last_stored;
}

uint64_t iris_raft_first_index(const iris_raft* raft) {
  return raft->core.trail.offset + 1;
}

uint64_t iris_raft_deadline(const iris_raft* raft) {
  return raft_timeout(&raft->core);
}

uint64_t iris_raft_uncommitted(const iris_raft* raft) {
  return raft->core.configuration_uncommitted_index;
}

uint64_t iris_raft_transferee(const iris_raft* raft) {
  return raft_transferee(&raft->core);
}

uint64_t iris_raft_promotee(const iris_raft* raft) {
  return raft->core.state == RAFT_LEADER ? raft->core.leader_state.promotee_id
                                         : 0;
}

uint64_t iris_raft_match(const iris_raft* raft, uint64_t id) {
  raft_index out;
  return raft_match_index(&raft->core, id, &out) == 0 ? out : 0;
}

bool iris_raft_caught_up(const iris_raft* raft, uint64_t id) {
  int status;
  return raft_catch_up(&raft->core, id, &status) == 0
         && status == RAFT_CATCH_UP_FINISHED;
}

bool iris_raft_server(const iris_raft* raft, unsigned i, uint64_t* id,
                      uint8_t* role) {
  const struct raft_configuration* all = &raft->core.configuration;
  if (i >= all->n)
    return false;
  *id = all->servers[i].id;
  *role = (uint8_t)all->servers[i].role;
  return true;
}

const char* iris_raft_strerror(int code) {
  return raft_strerror(code);
}
