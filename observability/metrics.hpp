#pragma once

#include "observability/instruments.hpp"

namespace iris::observability {

/// Every metric of a node, declared once: this list is the exposition and
/// docs/metrics.md. One object a node, made by the wiring, passed by reference
/// and outliving whoever writes to it. Never moves.
class metrics {
  catalog all_;

public:
  metrics() = default;
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  const catalog& all() const noexcept { return all_; }

  // Messages.

  counter messages_in{
    all_,
    {"iris_messages_in_total", "Messages that clients sent, retries included"}};
  counter messages_sent_acked{
    all_,
    {"iris_messages_sent_acked_total",
     "Messages acknowledged as sent: committed, and answered to the sender"}};
  counter messages_duplicate{
    all_,
    {"iris_messages_duplicate_total",
     "Retries answered with the message that was already committed"}};
  counter messages_refused{
    all_, {"iris_messages_refused_total", "Messages answered with an error"}};
  counter items_pushed{
    all_, {"iris_items_pushed_total", "Inbox items written to devices"}};
  counter items_acked{
    all_, {"iris_items_acked_total", "Inbox items that devices acknowledged"}};
  histogram end_to_end_seconds{
    all_,
    {"iris_end_to_end_seconds",
     "From a message's place in its conversation to its item written to a "
     "device that follows its inbox, in whole milliseconds; one a write, for "
     "its oldest item",
     unit::seconds}};
  histogram commit_seconds{
    all_,
    {"iris_commit_seconds",
     "From writes staged with a shard to their entry committed",
     unit::seconds}};

  // Connections.

  family<gauge> connections{all_,
                            {"iris_connections",
                             "Open client connections, by tcp, tls, ws and wss",
                             unit::none, "transport"}};
  family<counter> connections_accepted{all_,
                                       {"iris_connections_accepted_total",
                                        "Client connections accepted",
                                        unit::none, "transport"}};
  family<counter> connections_refused{
    all_,
    {"iris_connections_refused_total",
     "Client connections closed before they were ready, by error", unit::none,
     "code"}};
  counter frames_in{all_, {"iris_frames_in_total", "Frames read from clients"}};
  counter frames_out{all_,
                     {"iris_frames_out_total", "Frames written to clients"}};
  counter bytes_in{all_,
                   {"iris_received_bytes_total",
                    "Bytes of frames read from clients", unit::bytes}};
  counter bytes_out{all_,
                    {"iris_sent_bytes_total",
                     "Bytes of frames written to clients", unit::bytes}};
  family<counter> errors{
    all_,
    {"iris_errors_total", "Errors answered to clients", unit::none, "code"}};

  // Actors.

  gauge users_active{all_, {"iris_users_active", "User actors in memory"}};
  gauge conversations_active{
    all_, {"iris_conversations_active", "Conversation actors in memory"}};
  family<counter> mailbox_rejected{
    all_,
    {"iris_mailbox_rejected_total",
     "Messages refused because a mailbox was full, by type of actor",
     unit::none, "actor"}};
  family<counter> actor_restarts{all_,
                                 {"iris_actor_restarts_total",
                                  "Restarts by supervisors, by type of actor",
                                  unit::none, "actor"}};
  family<counter> dead_letters{
    all_,
    {"iris_dead_letters_total",
     "Commands that are refused for having made their actor fail again and "
     "again, by type of actor",
     unit::none, "actor"}};

  counter node_frames_refused{
    all_,
    {"iris_node_frames_refused_total",
     "Frames of other nodes that made no sense: of another version, or a "
     "fault of theirs"}};

  // Links to other nodes.

  family<gauge> link_up{all_,
                        {"iris_link_up",
                         "1 while there is a link to the node, else 0",
                         unit::none, "peer"}};
  counter links_made{
    all_, {"iris_links_made_total", "Links that came up, new ones included"}};
  family<counter> links_refused{
    all_,
    {"iris_links_refused_total",
     "Links that were refused: the connection, e.g. for its certificate, or in "
     "the handshake, e.g. for an unknown node",
     unit::none, "at"}};
  family<counter> link_bytes_out{
    all_,
    {"iris_link_sent_bytes_total",
     "Bytes of frames sent to other nodes, by lane", unit::bytes, "lane"}};
  family<counter> link_bytes_in{all_,
                                {"iris_link_received_bytes_total",
                                 "Bytes of frames of other nodes, by lane",
                                 unit::bytes, "lane"}};
  family<counter> link_frames_refused{all_,
                                      {"iris_link_frames_refused_total",
                                       "Frames to other nodes that were not "
                                       "taken, by lane: there was no link, or "
                                       "too much waited",
                                       unit::none, "lane"}};

  family<gauge> certificate_expires{
    all_,
    {"iris_certificate_expires_seconds",
     "When a certificate of this node ends, in seconds since 1970: edge, for "
     "clients; cluster and cluster_ca, for other nodes and who signed it",
     unit::seconds, "certificate"}};

  // Shards and storage.

  family<gauge> shard_leader{all_,
                             {"iris_shard_leader",
                              "1 where this node leads the shard, else 0",
                              unit::none, "shard"}};
  family<gauge> shard_stopped{
    all_,
    {"iris_shard_stopped",
     "1 where this node's replica of the shard has stopped by an error, else 0",
     unit::none, "shard"}};
  family<gauge> shard_copying{
    all_,
    {"iris_shard_copying",
     "1 while this node's replica of the shard copies another's state and has "
     "no vote, else 0",
     unit::none, "shard"}};
  family<gauge> shard_behind{
    all_,
    {"iris_shard_behind",
     "1 while this node's replica of the shard knows no leader, lacks "
     "something "
     "that is committed, or has yet to apply what was when it heard of its "
     "leader, else 0",
     unit::none, "shard"}};
  family<gauge> shard_lag{
    all_,
    {"iris_shard_lag_entries",
     "Entries of the shard that are committed, as far as this replica has "
     "heard, and that it has yet to apply",
     unit::none, "shard"}};
  counter shard_copies{
    all_,
    {"iris_shard_copies_total",
     "Replicas that copied another's state, being too far behind its log"}};
  counter shard_differences{
    all_,
    {"iris_shard_differences_total",
     "Replicas whose state was not what a majority has, and was made anew"}};
  counter log_batches{
    all_, {"iris_log_batches_total", "Synced writes of the Raft log"}};
  counter log_entries{
    all_, {"iris_log_entries_total", "Entries in the synced writes"}};
  histogram fsync_seconds{all_,
                          {"iris_fsync_seconds",
                           "Duration of a synced write of the Raft log",
                           unit::seconds}};
  gauge store_level0_files{
    all_,
    {"iris_store_level0_files",
     "Files at level 0 of the state store; writers stall at 12"}};
  gauge store_cache_bytes{
    all_,
    {"iris_store_cache_bytes",
     "Blocks of the state store in memory; storage.cache bounds it",
     unit::bytes}};
  gauge storage_full{
    all_,
    {"iris_storage_full", "1 while writes are refused for lack of space"}};

  // The process.

  family<gauge> build_info{all_,
                           {"iris_build_info",
                            "Always 1; the label tells the version", unit::none,
                            "version"}};
  gauge uptime_seconds{
    all_,
    {"iris_uptime_seconds", "Time since the node started", unit::seconds}};
  counter log_lines_lost{
    all_,
    {"iris_log_lines_lost_total",
     "Log lines dropped: the queue was full or the write failed"}};
  gauge resident_bytes{all_,
                       {"process_resident_memory_bytes",
                        "Resident memory of the process", unit::bytes}};
  gauge open_fds{all_, {"process_open_fds", "Open file descriptors"}};
  gauge max_fds{all_, {"process_max_fds", "Limit of open file descriptors"}};
};

} // namespace iris::observability
