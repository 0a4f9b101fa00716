#include "apps/cli/chat_view.hpp"

#include "apps/cli/item_text.hpp"
#include "apps/cli/rows.hpp"
#include "apps/cli/table.hpp"

namespace iris::cli {

namespace {

class text_view final : public chat_view {
public:
  text_view(std::ostream& to, std::function<std::size_t()> columns)
    : to_(to), columns_(std::move(columns)) {
    // nop
  }

  void message(const protocol::item& what) override {
    print(time_of_day(what.at) + ' ' + text_of(what));
  }
  void queued(const message_id&, const std::string& text) override {
    print("… " + printable(text));
  }
  void sent(const protocol::sent&, const std::string& text) override {
    print("✓ " + printable(text));
  }
  void failed(const message_id&, const std::string& text,
              const error& why) override {
    print("✗ " + printable(text) + ": " + printable(to_string(why)));
  }
  void connected(const user_id& me, const std::string& to) override {
    notice("connected as " + me.str() + ", writing to " + to);
  }
  void disconnected(const error& why) override { notice(lost_text(why)); }
  void status(const std::vector<protocol::user_status>& of) override {
    for (const auto& x : of)
      notice(status_text(x));
  }
  void notice(const std::string& text) override {
    print("-- " + printable(text));
  }

private:
  void print(const std::string& line) {
    to_ << (columns_ ? wrapped(line, usable(columns_())) : line) << std::endl;
  }

  std::ostream& to_;
  const std::function<std::size_t()> columns_;
};

class json_view final : public chat_view {
public:
  explicit json_view(std::ostream& to) : to_(to) {}

  void message(const protocol::item& what) override {
    print("message", to_json(what));
  }
  void queued(const message_id& id, const std::string&) override {
    print("queued", {{"id", id.str()}});
  }
  void sent(const protocol::sent& what, const std::string&) override {
    print("sent", {{"id", what.id.str()},
                   {"sequence", what.seq.value},
                   {"at_ms", what.at.ms}});
  }
  void failed(const message_id& id, const std::string&,
              const error& why) override {
    print("failed", {{"id", id.str()}, {"why", to_string(why)}});
  }
  void connected(const user_id& me, const std::string& to) override {
    print("connected", {{"as", me.str()}, {"to", to}});
  }
  void disconnected(const error& why) override {
    print("disconnected", {{"why", to_string(why)}});
  }
  void status(const std::vector<protocol::user_status>& of) override {
    for (const auto& x : of)
      print(
        "status",
        {{"user", x.user.str()}, {"online", x.online}, {"seen_ms", x.seen.ms}});
  }
  void notice(const std::string& text) override {
    print("notice", {{"text", text}});
  }

private:
  void print(const char* event, const ordered_json& rest) {
    ordered_json out{{"event", event}};
    out.update(rest);
    to_ << to_line(out) << std::endl;
  }

  std::ostream& to_;
};

} // namespace

std::string lost_text(const error& why) {
  return "connection lost, trying again: " + to_string(why);
}

std::string status_text(const protocol::user_status& x) {
  auto how = x.online         ? "online"
             : x.seen.ms == 0 ? "never seen"
                              : "last seen " + date_and_time(x.seen);
  return x.user.str() + ": " + how;
}

std::unique_ptr<chat_view>
make_text_view(std::ostream& to, std::function<std::size_t()> columns) {
  return std::make_unique<text_view>(to, std::move(columns));
}

std::unique_ptr<chat_view> make_json_view(std::ostream& to) {
  return std::make_unique<json_view>(to);
}

} // namespace iris::cli
