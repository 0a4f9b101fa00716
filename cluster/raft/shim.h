/* The only place that sees cowsql/raft's header, which is not C++. The library
 * decides; it never sees a payload, and nobody else sees its memory. Every
 * function runs on the thread that owns the instance and never blocks.
 *
 * Only what a group of one voter needs is here; docs/adr/0003 says which of
 * the embedding rules that takes. */
#ifndef IRIS_CLUSTER_RAFT_SHIM_H
#define IRIS_CLUSTER_RAFT_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iris_raft iris_raft;

/* Numbers are on disk and equal the library's. */
enum { IRIS_RAFT_COMMAND = 1, IRIS_RAFT_BARRIER = 2, IRIS_RAFT_CHANGE = 3 };
enum { IRIS_RAFT_FOLLOWER = 1, IRIS_RAFT_CANDIDATE = 2, IRIS_RAFT_LEADER = 3 };

typedef struct {
  uint64_t term; /* filled in by submit */
  uint8_t type;
  const void* data;
  size_t size;
} iris_raft_entry;

typedef struct {
  const void* data;
  size_t size;
} iris_raft_bytes;

typedef struct {
  uint64_t index; /* 0: none */
  uint64_t term;
  iris_raft_bytes configuration;
  uint64_t configuration_index;
} iris_raft_floor;

/* What is durable when an instance starts. */
typedef struct {
  uint64_t term;
  uint64_t vote;
  iris_raft_floor floor;
  uint64_t first_index; /* of entries[0] */
  const iris_raft_entry* entries;
  unsigned count;
} iris_raft_log;

typedef struct {
  bool hard_state;      /* term or vote changed: make them durable first */
  bool commit;          /* the commit index moved */
  uint64_t first_index; /* of entries to append; 0: none */
  uint32_t entry_count;
  bool barrier; /* the one entry is a barrier that the library made */
} iris_raft_update;

/* NULL when out of memory. */
iris_raft* iris_raft_new(uint64_t id, unsigned seed);
void iris_raft_free(iris_raft* raft);

/* Everything returns 0 or an error code of the library, after which the
 * instance must not be used any more. `now` is monotonic milliseconds. */
int iris_raft_start(iris_raft* raft, uint64_t now, const iris_raft_log* log,
                    iris_raft_update* out);
int iris_raft_submit(iris_raft* raft, uint64_t now,
                     const iris_raft_entry* entry, iris_raft_update* out);
/* Everything up to `index` is durable. Strictly increasing. */
int iris_raft_persisted(iris_raft* raft, uint64_t now, uint64_t index,
                        iris_raft_update* out);
/* The change at `index` has been applied. */
int iris_raft_configured(iris_raft* raft, uint64_t now, uint64_t index,
                         const iris_raft_bytes* configuration,
                         iris_raft_update* out);
/* Entries up to the floor are not needed; `trailing` of them stay known. */
int iris_raft_compacted(iris_raft* raft, uint64_t now,
                        const iris_raft_floor* floor, unsigned trailing,
                        iris_raft_update* out);

uint64_t iris_raft_term(const iris_raft* raft);
uint64_t iris_raft_vote(const iris_raft* raft);
uint64_t iris_raft_commit_index(const iris_raft* raft);
int iris_raft_role(const iris_raft* raft);

/* A configuration whose only voter is `id`, encoded. free() it. */
void* iris_raft_sole_voter(uint64_t id, size_t* size);
/* The only voter of an encoded configuration; 0 when there are more or it
 * can't be decoded. */
uint64_t iris_raft_sole_voter_of(const iris_raft_bytes* configuration);
const char* iris_raft_strerror(int code);

#ifdef __cplusplus
}
#endif

#endif
