#include "tests/actors/support.hpp"

#include "base/assert.hpp"

namespace iris::actors::test {

store::store() {
  auto opened = persistence::state_store::open("/state", disk_);
  if (!opened)
    throw std::runtime_error(to_string(opened.failure()));
  store_ = std::move(*opened);
}

void store::apply(const persistence::writes& what) {
  persistence::committed_entry entry{{0}, ++index_, 1, what.bytes()};
  auto done = store_->apply({&entry, 1});
  IRIS_ASSERT(done);
}

std::vector<std::string> store::keys(const std::string& prefix) const {
  std::vector<std::string> out;
  auto done = store_->scan(prefix, persistence::prefix_end(prefix), false,
                           [&](std::string_view key, std::string_view) {
                             out.emplace_back(key);
                             return true;
                           });
  IRIS_ASSERT(done);
  return out;
}

user_id user(std::string_view text) {
  return *user_id::parse(text);
}

device_id device(std::string_view text) {
  return *device_id::parse(text);
}

message_id id_at(std::int64_t ms, std::uint64_t salt) {
  random_source random{salt};
  return make_message_id({ms}, random);
}

std::shared_ptr<const std::string> bytes_of(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

} // namespace iris::actors::test
