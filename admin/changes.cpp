#include "admin/changes.hpp"

#include "config/endpoint.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <utility>

namespace iris::admin {

namespace {

using nlohmann::json;

constexpr std::size_t zone_bytes_max = 64;

error bad(std::string text) {
  return {errc::bad_field, std::move(text)};
}

/// The members of a JSON object, each taken once. The first that is wrong, is
/// missing or was never asked for is what `done` fails with.
class members {
public:
  /// `form` is what the object holds, as in "a JSON object with …".
  members(std::string_view body, std::string form)
    : in_(json::parse(body, nullptr, false)), form_(std::move(form)) {
    if (!in_.is_object())
      why_ = malformed();
  }

  node_id node(const char* key) { return {number<std::uint32_t>(key, 1)}; }

  shard_id shard(const char* key) { return {number<std::uint16_t>(key, 0)}; }

  bool flag(const char* key) {
    auto value = take(key);
    if (value.is_boolean())
      return value.get<bool>();
    refuse(std::string{key} + ": expected true or false");
    return false;
  }

  std::string address(const char* key) {
    auto value = take(key);
    auto at = value.is_string()
                ? config::endpoint::parse(value.get<std::string>())
                : std::nullopt;
    if (at && !at->off() && !at->wildcard() && at->port != 0)
      return at->str();
    refuse(std::string{key}
           + ": expected host:port where the other nodes reach it, with a port "
             "from 1 on and no wildcard");
    return {};
  }

  std::string zone(const char* key) {
    if (!in_.is_object() || !in_.contains(key))
      return {};
    auto value = take(key);
    if (value.is_string()
        && value.get_ref<const std::string&>().size() <= zone_bytes_max)
      return value.get<std::string>();
    refuse(std::string{key} + ": expected a string of at most 64 bytes");
    return {};
  }

  result<cluster_change> done(cluster_change what) {
    if (why_)
      return why_;
    if (!in_.empty())
      return bad("expected no other key than in " + form_);
    return what;
  }

private:
  json take(const char* key) {
    auto found = in_.is_object() ? in_.find(key) : in_.end();
    if (found == in_.end()) {
      if (!why_)
        why_ = malformed();
      return {};
    }
    auto out = std::move(*found);
    in_.erase(found);
    return out;
  }

  template <class Int>
  Int number(const char* key, Int least) {
    constexpr auto most = std::numeric_limits<Int>::max();
    auto value = take(key);
    if (value.is_number_unsigned() && value.get<std::uint64_t>() >= least
        && value.get<std::uint64_t>() <= most)
      return value.get<Int>();
    refuse(std::string{key} + ": expected an integer from "
           + std::to_string(least) + " to " + std::to_string(most));
    return least;
  }

  void refuse(std::string text) {
    if (!why_)
      why_ = bad(std::move(text));
  }

  error malformed() const { return bad("expected a JSON object " + form_); }

  json in_;
  const std::string form_;
  error why_;
};

} // namespace

// Braces: members are taken in this order.

result<cluster_change> parse_add_node(std::string_view body) {
  members in{body, R"({"id","address"} and, if wanted, "zone")"};
  return in.done(
    add_node{in.node("id"), in.address("address"), in.zone("zone")});
}

result<cluster_change> parse_remove_node(std::string_view body) {
  members in{body, R"({"id"})"};
  return in.done(remove_node{in.node("id")});
}

result<cluster_change> parse_drain_node(std::string_view body) {
  members in{body, R"({"id","on"})"};
  return in.done(drain_node{in.node("id"), in.flag("on")});
}

result<cluster_change> parse_move_shard(std::string_view body) {
  members in{body, R"({"shard","from","to"})"};
  return in.done(move_shard{in.shard("shard"), in.node("from"), in.node("to")});
}

result<cluster_change> parse_transfer_shard(std::string_view body) {
  members in{body, R"({"shard","to"})"};
  return in.done(transfer_shard{in.shard("shard"), in.node("to")});
}

} // namespace iris::admin
