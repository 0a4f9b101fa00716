#include "observability/format.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

namespace format_test {

using namespace iris;
using namespace iris::observability;

namespace {

log_line line_of(std::span<const field> fields) {
  log_line line;
  line.time = {1'700'000'000'123};
  line.node = {7};
  line.text = "it happened";
  line.fields = fields;
  return line;
}

template <class T>
concept can_be_logged = requires(T x) {
  field{field_key{"k"}, x};
};

} // namespace

// The rule of O4, kept by the compiler: text that came from outside doesn't
// become a value unless somebody writes public_text.
static_assert(!can_be_logged<std::string>);
static_assert(!can_be_logged<std::string_view>);
static_assert(!can_be_logged<const char*>);
static_assert(!can_be_logged<char*>);
static_assert(!can_be_logged<std::vector<std::uint8_t>>);
static_assert(!can_be_logged<char>);
static_assert(!std::is_constructible_v<literal, std::string>);
static_assert(!std::is_constructible_v<literal, const char*>);
static_assert(can_be_logged<public_text>);
static_assert(can_be_logged<user_id>);
static_assert(can_be_logged<conversation_id>);
static_assert(can_be_logged<sequence>);
static_assert(can_be_logged<errc>);

TEST_CASE("a JSON line has its fields in order and ends once") {
  auto user = *user_id::parse("alice");
  field fields[] = {{"shard", shard_id{3}}, {"user", user},
                    {"ok", true},           {"delta", -5},
                    {"ratio", 0.5},         {"code", errc::overloaded},
                    {"reason", "closed"}};

  CHECK(format(log_format::json, line_of(fields))
        == R"({"time":"2023-11-14T22:13:20.123Z","level":"info","node":7,)"
           R"("text":"it happened","shard":3,"user":"alice","ok":true,)"
           R"("delta":-5,"ratio":0.5,"code":"overloaded","reason":"closed"})"
           "\n");
}

TEST_CASE("a text line reads as it is meant") {
  field fields[] = {{"shard", shard_id{3}},
                    {"path", public_text{"/var/lib/iris"}},
                    {"peer", public_text{"a b"}}};

  CHECK(format(log_format::text, line_of(fields))
        == "2023-11-14T22:13:20.123Z info node=7 \"it happened\" shard=3 "
           "path=/var/lib/iris peer=\"a b\"\n");
}

TEST_CASE("a line about a message carries its id and its trace") {
  auto text = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
  message_context about{*message_id::parse(text),
                        *trace_id::parse("4bf92f3577b34da6a3ce929d0e0e4736")};
  auto line = line_of({});
  line.about = &about;

  CHECK(format(log_format::json, line)
        == R"({"time":"2023-11-14T22:13:20.123Z","level":"info","node":7,)"
           R"("text":"it happened",)"
           R"("msg":"017f22e2-79b0-7cc3-98c4-dc0c0c07398f",)"
           R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736"})"
           "\n");
  CHECK(format(log_format::text, line)
        == "2023-11-14T22:13:20.123Z info node=7 \"it happened\" "
           "msg=017f22e2-79b0-7cc3-98c4-dc0c0c07398f "
           "trace=4bf92f3577b34da6a3ce929d0e0e4736\n");
}

TEST_CASE("an error is logged with its code and what was expected") {
  error what{errc::id_too_old, "expected at most 7 days"};
  field fields[] = {{"error", what}};

  CHECK(format(log_format::json, line_of(fields))
          .find(R"("error":"id_too_old (301): expected at most 7 days")")
        != std::string::npos);
}

TEST_CASE("a conversation is logged as its UUID") {
  auto id = *conversation_id::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  field fields[] = {{"conversation", id}};

  CHECK(format(log_format::text, line_of(fields))
          .ends_with(" conversation=017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n"));
}

TEST_CASE("bytes that are not UTF-8 are replaced") {
  field fields[] = {{"peer", public_text{"\xff"
                                         "a"}}};

  CHECK(format(log_format::json, line_of(fields))
          .ends_with("\"peer\":\"\xef\xbf\xbd"
                     "a\"}\n"));
}

TEST_CASE("text can't forge a field, a line or a terminal command") {
  field fields[] = {
    {"peer", public_text{"x level=error\n\x1b[2J\x7f\xc2\x9b"}}};

  CHECK(format(log_format::text, line_of(fields))
          .ends_with(" peer=\"x level=error\\n\\u001b[2J\\u007f\\u009b\"\n"));
}

TEST_CASE("a long text is cut") {
  std::string longer(public_text::bytes_max + 1, 'x');
  field fields[] = {{"peer", public_text{longer}}};

  CHECK(std::get<std::string_view>(fields[0].value()).size()
        == public_text::bytes_max);
}

TEST_CASE("any text makes one line that JSON reads back") {
  CHECK(rc::check([](const std::string& bytes) {
    field fields[] = {{"peer", public_text{bytes}}};
    auto line = line_of(fields);

    for (auto as : {log_format::json, log_format::text}) {
      auto out = format(as, line);
      RC_ASSERT(out.find('\n') == out.size() - 1);
    }
    auto parsed =
      nlohmann::json::parse(format(log_format::json, line), nullptr, false);
    RC_ASSERT(parsed.is_object());
    RC_ASSERT(parsed.size() == 5u);
  }));
}

TEST_CASE("times before 1970 and at the end of a year are right") {
  log_line line = line_of({});
  line.time = {-1};
  CHECK(format(log_format::text, line).starts_with("1969-12-31T23:59:59.999Z"));
  line.time = {1'735'689'599'999};
  CHECK(format(log_format::text, line).starts_with("2024-12-31T23:59:59.999Z"));
}

} // namespace format_test
