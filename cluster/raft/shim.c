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

struct iris_raft {
  struct raft core;
  struct raft_entry* entries;
  unsigned capacity;
};

iris_raft* iris_raft_new(uint64_t id, unsigned seed) {
  char address[24];
  iris_raft* raft = calloc(1, sizeof *raft);
  if (raft == NULL)
    return NULL;
  snprintf(address, sizeof address, "%llu", (unsigned long long)id);
  if (raft_init(&raft->core, NULL, NULL, id, address) != 0) {
    free(raft);
    return NULL;
  }
  /* The default tracer writes to a static buffer: slow, and a data race. */
  raft->core.tracer = NULL;
  raft_seed(&raft->core, seed);
  raft_set_pre_vote(&raft->core, true);
  return raft;
}

void iris_raft_free(iris_raft* raft) {
  raft_close(&raft->core, NULL);
  free(raft->entries);
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

static int step(iris_raft* raft, struct raft_event* event, uint64_t now,
                iris_raft_update* out) {
  struct raft_update update;
  memset(out, 0, sizeof *out);
  event->time = now;
  int status = raft_step(&raft->core, event, &update);
  if (status != 0)
    return status;
  out->hard_state =
    (update.flags & (RAFT_UPDATE_CURRENT_TERM | RAFT_UPDATE_VOTED_FOR)) != 0;
  out->commit = (update.flags & (RAFT_UPDATE_COMMIT_INDEX)) != 0;
  if (update.flags & (RAFT_UPDATE_ENTRIES)) {
    out->first_index = update.entries.index;
    out->entry_count = update.entries.n;
    /* A barrier of the library's own: its content is eight zero bytes. */
    out->barrier = update.entries.batch == &raft->core.barrier;
    if (out->barrier)
      raft_free(raft->core.barrier.buf.base);
  }
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

int iris_raft_submit(iris_raft* raft, uint64_t now,
                     const iris_raft_entry* entry, iris_raft_update* out) {
  char token;
  struct raft_event event = {.type = RAFT_SUBMIT};
  if (raft->core.state != RAFT_LEADER)
    return RAFT_NOTLEADER;
  event.submit.entries = view(raft, entry, 1, &token);
  if (event.submit.entries == NULL)
    return RAFT_NOMEM;
  event.submit.entries[0].term = raft->core.current_term;
  event.submit.n = 1;
  return step(raft, &event, now, out);
}

int iris_raft_persisted(iris_raft* raft, uint64_t now, uint64_t index,
                        iris_raft_update* out) {
  struct raft_event event = {.type = RAFT_PERSISTED_ENTRIES};
  /* Debian builds the library without its asserts. */
  if (index <= raft->core.last_stored || index > raft_last_index(&raft->core))
    return RAFT_INVALID;
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
  struct raft* core = &raft->core;
  if (floor->index <= core->trail.snapshot.index
      || floor->index > core->last_stored || floor->index > core->commit_index)
    return RAFT_INVALID;
  int status = metadata_of(floor, &event.snapshot.metadata);
  if (status != 0)
    return status;
  event.snapshot.trailing = trailing;
  return step(raft, &event, now, out);
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

void* iris_raft_sole_voter(uint64_t id, size_t* size) {
  struct raft_configuration configuration;
  struct raft_buffer buffer;
  char address[24];
  void* out = NULL;
  snprintf(address, sizeof address, "%llu", (unsigned long long)id);
  raft_configuration_init(&configuration);
  if (raft_configuration_add(&configuration, id, address, RAFT_VOTER) == 0
      && raft_configuration_encode(&configuration, &buffer) == 0) {
    out = malloc(buffer.len);
    if (out != NULL) {
      memcpy(out, buffer.base, buffer.len);
      *size = buffer.len;
    }
    raft_free(buffer.base);
  }
  raft_configuration_close(&configuration);
  return out;
}

uint64_t iris_raft_sole_voter_of(const iris_raft_bytes* configuration) {
  struct raft_configuration decoded;
  uint64_t found = 0;
  unsigned voters = 0;
  if (decode(configuration, &decoded) != 0)
    return 0;
  for (unsigned i = 0; i < decoded.n; ++i) {
    if (decoded.servers[i].role == RAFT_VOTER) {
      found = decoded.servers[i].id;
      ++voters;
    }
  }
  raft_configuration_close(&decoded);
  return voters == 1 ? found : 0;
}

const char* iris_raft_strerror(int code) {
  return raft_strerror(code);
}
