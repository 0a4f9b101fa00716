#include "persistence/keys.hpp"
#include "tests/damaged_store.hpp"
#include "tests/persistence/model.hpp"

#include <doctest/doctest.h>

namespace bit_rot_test {

using namespace iris;
using namespace iris::persistence;
using iris::sim::memory_disk;

namespace {

constexpr std::uint64_t seed = 2;

/// How far apart the bytes are that are tried: all of a small file, some
/// thousands of a large one.
std::size_t stride(const std::string& bytes) {
  return 1 + bytes.size() / 4000;
}

/// A disk with the store of a short run, closed in order.
std::map<std::string, std::string> closed_store(store_model& model,
                                                bool reopened) {
  memory_disk disk{seed};
  for (auto pass = 0; pass < (reopened ? 2 : 1); ++pass) {
    auto store = node_store::open("/node", store_model::self(), disk);
    REQUIRE(store);
    for (auto i = 0; i < (pass == 0 ? 25 : 0); ++i)
      REQUIRE(model.work(*store));
  }
  return disk.files();
}

/// Flips bits, one at a time, and wants either all the data back
/// or a typed error. Returns how often it was an error.
int flip_all(const std::map<std::string, std::string>& files,
             const store_model& model, const std::string& path) {
  auto errors = 0;
  const auto& bytes = files.at(path);
  for (std::size_t i = 0; i < bytes.size(); i += stride(bytes)) {
    memory_disk disk{seed};
    for (const auto& [name, content] : files)
      disk.plant(name, content);
    disk.flip_bit(path, i, static_cast<unsigned>(i * 5 % 8));
    auto store = node_store::open("/node", store_model::self(), disk);
    auto expected = model;
    auto wrong = store ? expected.check(*store) : to_string(store.failure());
    if (wrong.empty())
      continue;
    CAPTURE(path);
    CAPTURE(i);
    CAPTURE(wrong);
    CHECK((wrong.find("corrupt (502)") != std::string::npos
           || wrong.find("store_missing (505)") != std::string::npos));
    ++errors;
  }
  return errors;
}

/// Of all files that begin with `prefix` and end with `suffix`.
int flip_all(bool reopened, const std::string& prefix,
             const std::string& suffix) {
  store_model model{seed};
  auto files = closed_store(model, reopened);
  auto errors = 0;
  auto bytes = std::size_t{0};
  for (const auto& [path, content] : files)
    if (path.starts_with(prefix) && path.ends_with(suffix)
        && !content.empty()) {
      errors += flip_all(files, model, path);
      bytes += content.size();
    }
  REQUIRE(bytes > 0);
  CAPTURE(bytes);
  CHECK(errors > 0);
  return errors;
}

} // namespace

TEST_CASE(
  "a flipped bit in the log's write-ahead log is corrupt, or harmless") {
  flip_all(false, "/node/log/", ".log");
}

TEST_CASE("a flipped bit in a table of the log is corrupt, or harmless") {
  flip_all(true, "/node/log/", ".ldb");
}

TEST_CASE("a flipped bit in a table of the state is corrupt, or harmless") {
  flip_all(true, "/node/state/", ".ldb");
}

TEST_CASE("a damaged state of what others have is no reason not to start") {
  store_model model{seed};
  auto files = closed_store(model, true);
  auto helped = 0;
  auto lone = 0;
  auto open = [&](const std::string& path, std::size_t at, bool others) {
    memory_disk disk{seed};
    for (const auto& [name, content] : files)
      disk.plant(name, content);
    disk.flip_bit(path, at, static_cast<unsigned>(at * 5 % 8));
    node_options how;
    how.others_have = [others](const loaded_log&) { return others; };
    auto store = node_store::open("/node", store_model::self(), disk, how);
    return static_cast<bool>(store);
  };
  for (const auto& [path, bytes] : files) {
    if (!path.starts_with("/node/state/") || !path.ends_with(".ldb"))
      continue;
    for (std::size_t i = 0; i < bytes.size(); i += stride(bytes)) {
      if (open(path, i, false))
        continue;
      ++lone;
      helped += open(path, i, true) ? 1 : 0;
    }
  }
  CHECK(lone > 0);
  CHECK(helped > 0);
}

TEST_CASE("a log that was given up says that others have the shard") {
  for (auto given_up : {false, true}) {
    CAPTURE(given_up);
    memory_disk disk{seed};
    const shard_id which{0};
    {
      auto store = node_store::open("/node", store_model::self(), disk);
      REQUIRE(store);
      log_change voted;
      voted.shard = which;
      voted.state = hard_state{4, 2};
      REQUIRE(store->log->append({&voted, 1}));
      if (given_up)
        REQUIRE(store->log->lose(which));
    }
    test::damage("/node/state", applied_key(which), &disk.env());
    node_options how;
    how.others_have = [](const loaded_log&) { return false; };
    auto store = node_store::open("/node", store_model::self(), disk, how);
    CHECK(static_cast<bool>(store) == given_up);
  }
}

TEST_CASE("a flipped bit in a MANIFEST is corrupt, or harmless") {
  flip_all(true, "/node/log/MANIFEST", "");
  flip_all(true, "/node/state/MANIFEST", "");
}

TEST_CASE("a flipped bit in CURRENT is corrupt") {
  CHECK(flip_all(true, "/node/log/CURRENT", "") == 16);
}

TEST_CASE("a flipped bit in the identity is corrupt") {
  flip_all(true, "/node/IDENTITY", "");
}

TEST_CASE("a flipped bit in the state's write-ahead log loses no more than "
          "the log has again") {
  store_model model{seed};
  auto files = closed_store(model, false);
  auto earlier = 0;
  for (const auto& [path, bytes] : files) {
    if (!path.starts_with("/node/state/") || !path.ends_with(".log"))
      continue;
    for (std::size_t i = 0; i < bytes.size(); i += stride(bytes)) {
      memory_disk disk{seed};
      for (const auto& [name, content] : files)
        disk.plant(name, content);
      disk.flip_bit(path, i, static_cast<unsigned>(i * 5 % 8));
      auto store = node_store::open("/node", store_model::self(), disk);
      if (!store) {
        CHECK(store.failure().code == errc::corrupt);
        continue;
      }
      ++earlier;
      for (std::uint16_t shard = 0; shard < store_model::shards; ++shard)
        CHECK(store->state->applied({shard})->index
              >= store->log->floor({shard})->index);
    }
  }
  CHECK(earlier > 0);
}

} // namespace bit_rot_test
