#include "actors/records.hpp"
#include "cluster/raft/configuration.hpp"
#include "persistence/log_format.hpp"
#include "persistence/node_store.hpp"
#include "persistence/posix_disk.hpp"
#include "persistence/writes.hpp"
#include "protocol/codec.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/security/temporary_directory.hpp"

#include <leveldb/db.h>
#include <nlohmann/json.hpp>

namespace cli_verify_test {

using namespace iris;
using namespace iris::test;
using cluster::raft::entry_type;
using security::test::temporary_directory;

namespace {

constexpr shard_id first_shard{0};

/// The store of a node with one shard, written as a node would.
class made_store {
public:
  made_store() { open(); }

  std::string data_dir() const { return folder_.path(); }
  std::string path() const { return folder_ / "store"; }

  void open() {
    persistence::identity who;
    who.cluster = "demo";
    who.node = {1};
    who.shards = 1;
    auto opened = persistence::node_store::open(path(), who, disk_);
    REQUIRE(opened);
    store_.emplace(*std::move(opened));
  }
  void close() { store_.reset(); }

  /// Others have a vote, too: what they decided is not known here.
  void add_voters(const std::vector<node_id>& ids) {
    cluster::raft::configuration all;
    for (auto x : ids)
      all.push_back({x});
    append(cluster::raft::encode(all), entry_type::configuration);
    apply("");
  }

  /// The index that the state of the shard has.
  std::uint64_t applied() const {
    return store_->state->applied(first_shard)->index;
  }

  void remember(node_id peer) {
    REQUIRE(store_->log->next_incarnation(1));
    REQUIRE(store_->log->remember(peer, {1, 2}));
  }

  /// Puts an entry into the log, and applies it too if asked.
  void write(const persistence::writes& what, bool apply,
             entry_type type = entry_type::command) {
    append(std::string{what.bytes()}, type);
    if (apply)
      this->apply(what.bytes());
  }

private:
  void append(std::string payload, entry_type type) {
    persistence::log_change change;
    change.shard = first_shard;
    change.first_index = ++last_;
    change.entries.push_back(
      {1, static_cast<std::uint8_t>(type),
       std::make_shared<const std::string>(std::move(payload))});
    REQUIRE(store_->log->append({&change, 1}));
  }

  void apply(std::string_view writes) {
    persistence::committed_entry entry{first_shard, last_, 1, writes};
    REQUIRE(store_->state->apply({&entry, 1}));
  }

  temporary_directory folder_;
  persistence::posix_disk disk_;
  std::optional<persistence::node_store> store_;
  std::uint64_t last_ = 0;
};

/// An entry of alice's inbox, at this offset.
persistence::writes inbox_entry(std::uint64_t offset) {
  auto alice = *user_id::parse("alice");
  auto bob = *user_id::parse("bob");
  protocol::item item;
  item.conversation = direct_conversation(alice, bob);
  item.seq = {offset};
  item.from = bob;
  item.device = *device_id::parse("phone");
  item.body = "hello";
  item.to = alice;
  random_source random{offset};
  item.id = make_message_id({1'700'000'000'000}, random);
  std::string encoded;
  protocol::encode(item, encoded);
  actors::keyring keys{first_shard, actors::ref_of(alice)};
  persistence::writes out;
  out.put(keys.at(actors::record::inbox, offset), encoded);
  out.put(keys.of(actors::record::seen, item.conversation.bytes()),
          actors::encode_number(offset));
  return out;
}

} // namespace

TEST_CASE("a good store has counts and no problems") {
  made_store store;
  store.write(inbox_entry(1), true);
  store.write(inbox_entry(2), true);
  store.close();

  auto run = run_iris({"verify", store.path()});

  CHECK(run.code == 0);
  CHECK(run.err == "");
  CHECK(run.out
        == "store of node 1 of cluster 'demo' with 1 shards\n"
           "4 keys, 0 conversations, 0 messages, 1 users, "
           "2 inbox entries\n"
           "no problems\n");
}

TEST_CASE("the data folder of a node stands for the store in it") {
  made_store store;
  store.write(inbox_entry(1), true);
  store.close();

  CHECK(run_iris({"verify", store.data_dir()}).code == 0);
}

TEST_CASE("what a crash left in the log is applied first, and told") {
  made_store store;
  store.write(inbox_entry(1), true);
  store.write(inbox_entry(2), false);
  store.write({}, false, entry_type::barrier);
  store.close();

  auto first = run_iris({"verify", "--json", store.path()});
  auto again = run_iris({"verify", "--json", store.path()});

  CHECK(first.code == 0);
  CHECK(first.out
        == R"({"ok":true,"cluster":"demo","node":1,"shards":1,)"
           R"("alone":true,"applied_from_log":2,"undecided_in_log":0,)"
           R"("log_tail_torn":false,"keys":4,)"
           R"("conversations":0,"messages":0,"users":1,"inbox_entries":2,)"
           R"("problem_count":0,"problems":[]})"
           "\n");
  CHECK(nlohmann::json::parse(again.out)["applied_from_log"] == 0);
}

TEST_CASE("what others may not have decided is left in the log") {
  made_store store;
  store.add_voters({{1}, {2}, {3}});
  store.write(inbox_entry(1), true);
  store.write(inbox_entry(2), false);
  store.close();

  auto run = run_iris({"verify", store.path()});

  CHECK(run.code == 0);
  CHECK(run.out.find("one of several nodes: deliveries between shards are not "
                     "compared, and 1 entries of the log")
        != std::string::npos);
  CHECK(run.out.find("1 inbox entries\n") != std::string::npos);
  store.open();
  CHECK(store.applied() == 2);
}

TEST_CASE("what a node remembers of others is checked") {
  made_store store;
  store.remember({2});
  store.close();
  CHECK(run_iris({"verify", store.path()}).code == 0);
  {
    leveldb::DB* opened = nullptr;
    REQUIRE(leveldb::DB::Open({}, store.path() + "/log", &opened).ok());
    std::unique_ptr<leveldb::DB> db{opened};
    REQUIRE(db->Put({}, persistence::peer_key({2}), "garbage").ok());
  }

  auto run = run_iris({"verify", store.path()});

  CHECK(run.code == 1);
  CHECK(run.err.find("what is known of node 2 is damaged")
        != std::string::npos);
}

TEST_CASE("a damaged store is told with each problem") {
  made_store store;
  store.write(inbox_entry(1), true);
  store.write(inbox_entry(3), true);
  store.close();

  auto run = run_iris({"verify", store.path()});

  CHECK(run.code == 1);
  CHECK(run.out.find("\nproblem: shard 0, user alice: offset 3 follows 1, "
                     "expected 2\n")
        != std::string::npos);
  CHECK(run.err.find("iris: the store in " + store.path()
                     + " is damaged\nwhy: 1 problems, expected none\n")
        == 0);
}

TEST_CASE("an entry of the log that nobody can apply is an error") {
  made_store store;
  persistence::writes foreign;
  foreign.put(actors::keyring{{7}, actors::ref_of(*user_id::parse("x"))}.all(
                actors::record::floor),
              "");
  store.write(foreign, false);
  store.close();

  auto run = run_iris({"verify", store.path()});

  CHECK(run.code == 1);
  CHECK(run.err.find("why: corrupt (502): ") != std::string::npos);
}

TEST_CASE("the store of a running node is left alone") {
  made_store store;

  auto run = run_iris({"verify", store.path()});

  CHECK(run.code == 1);
  CHECK(run.out == "");
  CHECK(run.err.find("why: store_locked (506): ") != std::string::npos);
  CHECK(run.err.find("try: stop the node first") != std::string::npos);
}

TEST_CASE("a folder without a store stays empty") {
  temporary_directory folder;

  auto run = run_iris({"verify", folder.path()});

  CHECK(run.code == 1);
  CHECK(run.err.find("why: store_missing (505): ") != std::string::npos);
  CHECK(folder.file_count() == 0);
}

TEST_CASE("an identity that was changed is refused") {
  made_store store;
  store.close();
  auto file = store.path() + "/IDENTITY";
  auto text = security::test::text_of(file);
  text.replace(text.find("node 1"), 6, "node 2");
  std::ofstream{file} << text;

  auto run = run_iris({"verify", store.path()});

  CHECK(run.code == 1);
  CHECK(run.err.find("why: corrupt (502): ") != std::string::npos);
}

} // namespace cli_verify_test
