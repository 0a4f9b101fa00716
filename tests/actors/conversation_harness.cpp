#include "tests/actors/conversation_harness.hpp"

#include "protocol/codec.hpp"

namespace iris::actors::test {

std::vector<std::string> roster(conversation_harness& of) {
  constexpr const char* roles[] = {"member", "admin", "owner"};
  std::vector<std::string> out;
  for (const auto& x : of->members().list)
    out.push_back(x.user.str() + " " + roles[static_cast<int>(x.role)] + " "
                  + std::to_string(x.since.value));
  return out;
}

std::vector<protocol::item> log(const conversation_harness& of) {
  std::vector<protocol::item> out;
  for (const auto& key : of.db.keys(of.keys.all(record::log))) {
    auto bytes = of.db.reader().get(key);
    auto item = protocol::decode_item(**bytes);
    REQUIRE(item);
    CHECK(keyring::position(key) == item->seq.value);
    out.push_back(std::move(*item));
  }
  return out;
}

} // namespace iris::actors::test
