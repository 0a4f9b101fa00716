/* The only place that sees cowsql/raft's header, which is not C++. The library
 * decides; it never sees a payload but a configuration's, and nobody else sees
 * its memory. Every function runs on the thread that owns the instance and
 * never blocks.
 *
 * Only what touches the library's memory is here; the rules that make its
 * decisions safe are kept by core.cpp. Debian builds it without its asserts:
 * who calls keeps the preconditions. */
#ifndef IRIS_CLUSTER_RAFT_SHIM_H
#define IRIS_CLUSTER_RAFT_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iris_raft iris_raft;

/* Numbers are on disk or on the wire, and equal the library's. */
enum { IRIS_RAFT_COMMAND = 1, IRIS_RAFT_BARRIER = 2, IRIS_RAFT_CHANGE = 3 };
enum { IRIS_RAFT_FOLLOWER = 1, IRIS_RAFT_CANDIDATE = 2, IRIS_RAFT_LEADER = 3 };
enum {
  IRIS_RAFT_APPEND = 1,
  IRIS_RAFT_APPEND_RESULT,
  IRIS_RAFT_VOTE,
  IRIS_RAFT_VOTE_RESULT,
  IRIS_RAFT_INSTALL,
  IRIS_RAFT_TIMEOUT_NOW
};

typedef struct {
  uint64_t term;
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

/* See message in messages.hpp. */
typedef struct iris_raft_message {
  uint8_t kind;
  bool disrupt, pre_vote, granted;
  bool as_voter; /* received: a vote is answered even if this server's own
                    configuration does not count it as a voter */
  uint32_t entry_count;
  uint64_t peer;
  uint64_t term;
  uint64_t prev_index, prev_term, leader_commit;
  uint64_t rejected;
  uint64_t last_index, last_term;
} iris_raft_message;

typedef struct iris_raft_update {
  bool hard_state;      /* term or vote changed */
  uint64_t first_index; /* of entries to append; 0: none */
  uint32_t entry_count;
  uint32_t entry_skip; /* so many of those given come before them */
  bool barrier;        /* the one entry is a barrier that the library made */
  const iris_raft_message* messages; /* until the next call */
  uint32_t message_count;
} iris_raft_update;

typedef struct {
  unsigned election_timeout_ms;
  unsigned heartbeat_ms;
  unsigned install_timeout_ms;
  unsigned inflight_entries_max;
} iris_raft_options;

/* NULL when out of memory. */
iris_raft* iris_raft_new(uint64_t id, unsigned seed, iris_raft_options with);
void iris_raft_free(iris_raft* raft);

/* These return 0 or an error code of the library. `now` is monotonic
 * milliseconds. */
int iris_raft_start(iris_raft* raft, uint64_t now, const iris_raft_log* log,
                    iris_raft_update* out);
/* Not IRIS_RAFT_INSTALL. */
int iris_raft_receive(iris_raft* raft, uint64_t now,
                      const iris_raft_message* what,
                      const iris_raft_entry* entries, iris_raft_update* out);
int iris_raft_tick(iris_raft* raft, uint64_t now, iris_raft_update* out);
int iris_raft_submit(iris_raft* raft, uint64_t now,
                     const iris_raft_entry* entry, iris_raft_update* out);
/* Everything up to `index` is durable. */
int iris_raft_persisted(iris_raft* raft, uint64_t now, uint64_t index,
                        iris_raft_update* out);
/* The change at `index` is committed. */
int iris_raft_configured(iris_raft* raft, uint64_t now, uint64_t index,
                         const iris_raft_bytes* configuration,
                         iris_raft_update* out);
/* Entries up to the floor may go; `trailing` of them stay known. */
int iris_raft_compacted(iris_raft* raft, uint64_t now,
                        const iris_raft_floor* floor, unsigned trailing,
                        iris_raft_update* out);
int iris_raft_catch_up(iris_raft* raft, uint64_t now, uint64_t id,
                       iris_raft_update* out);
int iris_raft_transfer(iris_raft* raft, uint64_t now, uint64_t id,
                       iris_raft_update* out);

/* Unless it leads or asks for votes, its next election begins at `at`, if not
   before. */
void iris_raft_stand_at(iris_raft* raft, uint64_t at);
/* A new term with its own vote. */
void iris_raft_next_term(iris_raft* raft);

uint64_t iris_raft_term(const iris_raft* raft);
uint64_t iris_raft_vote(const iris_raft* raft);
uint64_t iris_raft_commit_index(const iris_raft* raft);
int iris_raft_role(const iris_raft* raft);
uint64_t iris_raft_leader(const iris_raft* raft); /* 0: none known */
uint64_t iris_raft_last_stored(const iris_raft* raft);
uint64_t iris_raft_first_index(const iris_raft* raft);
uint64_t iris_raft_deadline(const iris_raft* raft);
/* The change that is not committed; 0: none. */
uint64_t iris_raft_uncommitted(const iris_raft* raft);
/* Who is handed leadership, or catches up; 0: nobody. */
uint64_t iris_raft_transferee(const iris_raft* raft);
uint64_t iris_raft_promotee(const iris_raft* raft);
/* What is known to be durable on `id`; 0 unless leader. */
uint64_t iris_raft_match(const iris_raft* raft, uint64_t id);
bool iris_raft_caught_up(const iris_raft* raft, uint64_t id);
/* The i-th server of the latest configuration, from 0; false behind it. */
bool iris_raft_server(const iris_raft* raft, unsigned i, uint64_t* id,
                      uint8_t* role);
const char* iris_raft_strerror(int code);

#ifdef __cplusplus
}
#endif

#endif
