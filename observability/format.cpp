#include "observability/format.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace iris::observability {
namespace {

using json = nlohmann::ordered_json;

json to_json(const field::content& x) {
  struct {
    json operator()(const field::octets& y) const {
      return message_id{y}.str(); // all ids of 16 bytes read alike
    }
    json operator()(const error* y) const { return to_string(*y); }
    json operator()(std::string_view y) const { return std::string{y}; }
    json operator()(bool y) const { return y; }
    json operator()(std::int64_t y) const { return y; }
    json operator()(std::uint64_t y) const { return y; }
    json operator()(double y) const { return y; }
  } convert;
  return std::visit(convert, x);
}

std::string dump(const json& x, bool ascii) {
  return x.dump(-1, ' ', ascii, json::error_handler_t::replace);
}

bool is_plain(std::string_view x) {
  return !x.empty()
         && x.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._:/@+-")
              == x.npos;
}

void append_field(std::string& out, std::string_view key, const json& value) {
  out.append(" ").append(key).append("=");
  if (auto text = value.get_ptr<const std::string*>(); text && is_plain(*text))
    out += *text;
  else
    out += dump(value, true);
}

std::string as_json(const log_line& line) {
  json out;
  out["time"] = iso8601(line.time);
  out["level"] = to_string(line.level);
  out["node"] = line.node.value;
  out["text"] = line.text;
  if (line.about) {
    out["msg"] = line.about->id.str();
    out["trace"] = line.about->trace.str();
  }
  for (const auto& x : line.fields)
    out[std::string{x.key()}] = to_json(x.value());
  return dump(out, false) + '\n';
}

std::string as_text(const log_line& line) {
  auto out = iso8601(line.time);
  out.append(" ").append(to_string(line.level));
  append_field(out, "node", line.node.value);
  out.append(" ").append(dump(std::string{line.text}, true));
  if (line.about) {
    append_field(out, "msg", line.about->id.str());
    append_field(out, "trace", line.about->trace.str());
  }
  for (const auto& x : line.fields)
    append_field(out, x.key(), to_json(x.value()));
  return out += '\n';
}

} // namespace

std::string_view to_string(log_level x) noexcept {
  switch (x) {
  case log_level::debug:
    return "debug";
  case log_level::info:
    return "info";
  case log_level::warn:
    return "warn";
  case log_level::error:
    return "error";
  case log_level::off:
    break;
  }
  return "off";
}

std::string iso8601(timestamp x) {
  namespace ch = std::chrono;
  ch::sys_time<ch::milliseconds> at{ch::milliseconds{x.ms}};
  auto midnight = ch::floor<ch::days>(at);
  ch::year_month_day day{midnight};
  ch::hh_mm_ss time{at - midnight};
  char out[64];
  auto n = std::snprintf(
    out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
    static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
    static_cast<unsigned>(day.day()), static_cast<int>(time.hours().count()),
    static_cast<int>(time.minutes().count()),
    static_cast<int>(time.seconds().count()),
    static_cast<int>(time.subseconds().count()));
  return {out, static_cast<std::size_t>(n)};
}

std::string format(log_format as, const log_line& line) {
  return as == log_format::json ? as_json(line) : as_text(line);
}

} // namespace iris::observability
