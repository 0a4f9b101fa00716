#include "security/json.hpp"

#include <set>

namespace iris::security {

using nlohmann::json;

std::optional<json> parse_object(std::string_view text) {
  std::set<std::string> names;
  bool repeated = false;
  auto watch_names = [&](int depth, json::parse_event_t event, json& name) {
    if (event == json::parse_event_t::key && depth == 1)
      repeated |= !names.insert(name.get_ref<const std::string&>()).second;
    return true;
  };
  auto value = json::parse(text, watch_names, false);
  if (!value.is_object() || repeated)
    return std::nullopt;
  return value;
}

const std::string* string_member(const json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

const std::uint64_t* integer_member(const json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() ? nullptr
                               : found->get_ptr<const std::uint64_t*>();
}

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace iris::security
