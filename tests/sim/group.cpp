#include "tests/sim/group.hpp"

#include "base/assert.hpp"
#include "persistence/keys.hpp"

#include <leveldb/db.h>

namespace iris::sim {

namespace {

using namespace std::chrono_literals;
using persistence::log_store;
using persistence::state_store;

template <class Store>
std::unique_ptr<Store> open(const char* dir, memory_disk& disk) {
  auto out = Store::open(dir, disk, {});
  IRIS_ASSERT(out);
  return *std::move(out);
}

std::string prefix() {
  return persistence::key_prefix(
    member::group,
    {persistence::actor_kind::user, persistence::main_tenant, "u"});
}

} // namespace

member::process::process(world& in, memory_disk& disk,
                         std::uint64_t log_bytes_max)
  : home(in, 10us), log_thread(in, 2ms), state_thread(in, 300us),
    readers(in, 300us), log(open<log_store>("/log", disk)),
    state(open<state_store>("/state", disk)), log_writer(*log, log_thread),
    state_writer(*state, state_thread, log_bytes_max) {
  // nop
}

member::process::~process() {
  for (auto* x : {&home, &log_thread, &state_thread, &readers})
    x->stop();
}

member::member(world& in, switchboard& board, node_id self, options with)
  : world_(in), board_(board), self_(self), options_(std::move(with)),
    disk_(in.random().next()) {
  // nop
}

member::~member() = default;

void member::start() {
  process_ = std::make_unique<process>(world_, disk_, options_.log_bytes_max);
  auto& with = *process_;
  with.port = board_.plug_in(self_, with.home);
  with.mail = std::make_unique<cluster::shard_mail>(with.port.get());
  cluster::shard::parts parts{
    group,       self_,          with.log_writer, with.state_writer,
    *with.state, with.home,      with.readers,    world_,
    *with.mail,  options_.voters};
  parts.seed = world_.random().next();
  parts.trailing_bytes = options_.trailing_bytes;
  parts.lagging_bytes = options_.lagging_bytes;
  parts.rest = options_.rest;
  parts.checkpoint_every = options_.checkpoint_every;
  cluster::shard::events tell;
  tell.on_leading = [this] { shard().lead(); };
  tell.on_reload = [this] { load(); };
  tell.on_leader = [&with](std::optional<node_id> x) { with.leader = x; };
  tell.on_behind = [&with](bool is) { with.behind = is; };
  tell.on_servers = options_.on_servers;
  tell.on_differs = [this](std::uint64_t at) { differed_.push_back(at); };
  tell.on_stopped = [&with](const error& why) { with.stopped = why; };
  with.shard = std::make_unique<cluster::shard>(parts, std::move(tell));
  with.shard->place(wanted_);
  with.port->listen(*this);
  load();
}

void member::place(const cluster::placement& wanted) {
  wanted_ = wanted;
  if (running())
    shard().place(wanted);
}

void member::load() {
  auto& with = *process_;
  with.log_thread.post([this, &with] {
    auto log = with.log->load(group);
    with.state_thread.post([this, &with, log] {
      auto applied = with.state->applied(group);
      auto incomplete = with.state->incomplete(group);
      if (!log || !applied || !incomplete) {
        with.stopped = {errc::io_failed, "the stores can't be read"};
        return;
      }
      if (*incomplete)
        ++copies_;
      with.home.post([&with, log, applied, incomplete] {
        with.shard->start({*log, *applied, *incomplete});
      });
    });
  });
}

void member::crash() {
  for (auto* x : {&process_->home, &process_->log_thread,
                  &process_->state_thread, &process_->readers})
    x->stop();
  disk_.crash(world_.random());
  process_.reset();
}

void member::falsify(std::uint64_t n, const std::string& value) {
  auto store = open<state_store>("/state", disk_);
  auto at = *store->applied(group);
  ++at.checksum;
  persistence::shard_record wrong{key(n),
                                  persistence::checked_value(key(n), value)};
  IRIS_ASSERT(store->restore(group, {&wrong, 1}) && store->finish(group, at));
}

void member::damage(std::uint64_t n, const std::string& stored) {
  leveldb::Options how;
  how.env = &disk_.env();
  leveldb::DB* opened = nullptr;
  IRIS_ASSERT(leveldb::DB::Open(how, "/state", &opened).ok());
  std::unique_ptr<leveldb::DB> db{opened};
  leveldb::WriteOptions synced;
  synced.sync = true;
  IRIS_ASSERT(db->Put(synced, key(n), stored).ok());
}

void member::lose_log() {
  auto log = open<log_store>("/log", disk_);
  auto state = open<state_store>("/state", disk_);
  IRIS_ASSERT(log->lose(group) && state->clear(group, 1) && state->sync());
}

void member::on_frame(node_id from, cluster::lane by, std::string frame) {
  auto read =
    by == cluster::lane::consensus
      ? cluster::shard_mail::read(
        from, frame,
        [this](shard_id, auto what) { shard().receive(std::move(what)); })
      : cluster::shard_mail::read_bulk(frame, [&](shard_id, const auto& what) {
          shard().receive(from, what);
        });
  IRIS_ASSERT(read);
}

void member::on_link(node_id peer, bool up) {
  process_->mail->on_link(peer, up);
  up ? shard().found() : shard().lost(peer);
}

persistence::applied_point member::applied() const {
  return *state().applied(group);
}

persistence::log_floor member::floor() const {
  return *process_->log->floor(group);
}

std::size_t member::kept() const {
  return process_->log->load(group)->entries.size();
}

std::map<std::string, std::string> member::contents() const {
  std::map<std::string, std::string> out;
  auto first = prefix();
  auto scanned = state().scan(first, persistence::prefix_end(first), false,
                              [&](std::string_view key, std::string_view x) {
                                out.emplace(key.substr(first.size()), x);
                                return true;
                              });
  IRIS_ASSERT(scanned);
  return out;
}

std::string member::key(std::uint64_t n) {
  return prefix() + std::to_string(n);
}

void member::put(std::uint64_t n, const std::string& value, task done) {
  persistence::writes out;
  out.put(key(n), value);
  shard().stage(out, {{}, std::move(done)});
}

} // namespace iris::sim
