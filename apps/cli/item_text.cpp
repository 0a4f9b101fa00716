#include "apps/cli/item_text.hpp"

#include "apps/cli/rows.hpp"
#include "apps/cli/table.hpp"
#include "security/base64url.hpp"

#include <ctime>

namespace iris::cli {

namespace {

std::string format(timestamp x, const char* how) {
  auto seconds = static_cast<std::time_t>(x.ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char out[32];
  return {out, std::strftime(out, sizeof out, how, &parts)};
}

std::string names_of(const std::vector<user_id>& all) {
  std::string out;
  for (const auto& x : all)
    out += (out.empty() ? "" : ", ") + x.str();
  return out;
}

/// Without the line break that a pipe leaves at the end.
std::string shown(std::string_view body) {
  if (body.ends_with('\n'))
    body.remove_suffix(1);
  std::string out;
  for (;;) {
    auto end = body.find('\n');
    auto line = body.substr(0, end);
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    out += printable(line);
    if (end == body.npos)
      return out;
    body.remove_prefix(end + 1);
    out += '\n';
    out += indent;
  }
}

std::string_view kind_of(protocol::item_kind x) {
  switch (x) {
  case protocol::item_kind::message:
    return "message";
  case protocol::item_kind::group_created:
    return "group_created";
  case protocol::item_kind::members_added:
    return "members_added";
  case protocol::item_kind::members_removed:
    return "members_removed";
  case protocol::item_kind::member_left:
    return "member_left";
  }
  return "unknown";
}

bool is_utf8(const std::string& x) {
  try {
    ordered_json(x).dump();
    return true;
  } catch (const ordered_json::type_error&) {
    return false;
  }
}

} // namespace

std::string date_and_time(timestamp x) {
  return format(x, "%Y-%m-%d %H:%M:%S %z");
}

std::string time_of_day(timestamp x) {
  return format(x, "%H:%M");
}

std::string text_of(const protocol::item& x) {
  auto who = x.from.str();
  switch (x.kind) {
  case protocol::item_kind::message:
    return who + ": " + shown(x.body);
  case protocol::item_kind::group_created:
    return "* " + who
           + (x.title.empty() ? " made a group"
                              : " made the group \"" + printable(x.title) + '"')
           + (x.members.empty() ? "" : " with " + names_of(x.members));
  case protocol::item_kind::members_added:
    return "* " + who + " added " + names_of(x.members);
  case protocol::item_kind::members_removed:
    return "* " + who + " removed " + names_of(x.members);
  case protocol::item_kind::member_left:
    return "* " + who + " left";
  }
  return "* " + who + " did something that a newer iris knows";
}

ordered_json to_json(const protocol::item& x) {
  ordered_json out{{"conversation", x.conversation.str()},
                   {"sequence", x.seq.value},
                   {"at_ms", x.at.ms},
                   {"from", x.from.str()},
                   {"device", x.device.str()},
                   {"id", x.id.str()},
                   {"kind", kind_of(x.kind)}};
  if (x.to)
    out["to"] = x.to->str();
  if (x.kind == protocol::item_kind::message) {
    if (is_utf8(x.body))
      out["body"] = x.body;
    else
      out["body_base64url"] = security::to_base64url(x.body);
  }
  for (const auto& member : x.members)
    out["members"].push_back(member.str());
  if (!x.title.empty())
    out["title"] = x.title;
  if (!x.trace.empty())
    out["trace"] = x.trace;
  return out;
}

} // namespace iris::cli
