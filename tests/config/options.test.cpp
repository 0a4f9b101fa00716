#include "config/options.hpp"

#include "config/load.hpp"
#include "config/problem.hpp"
#include "config/units.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <set>

namespace options_test {

using namespace iris::config;

namespace {

// `literal` as the value of an option, in a file and as a variable.
bool fits(const option& o, const std::string& literal) {
  auto line = std::string{o.name()} + " = " + literal;
  auto plain = literal;
  std::erase(plain, '"');
  auto in_file = static_cast<bool>(parse(line, "f"));
  auto in_variable =
    static_cast<bool>(parse("", "f", {{variable_name(o.name()), plain}}));
  INFO(line);
  CHECK(in_file == in_variable);
  return in_file && in_variable;
}

std::string in_quotes(std::string text) {
  return "\"" + text + "\"";
}

// Both edges of a range are in, both of their neighbours out.
template <class Number>
void check_edges(const option& o, Number least, Number most, bool zero,
                 const std::function<std::string(Number)>& print_number) {
  Number one{1};
  CHECK(fits(o, print_number(least)));
  CHECK(fits(o, print_number(most)));
  CHECK_FALSE(fits(o, print_number(most + one)));
  if (least > one)
    CHECK_FALSE(fits(o, print_number(least - one)));
  if (least > Number{})
    CHECK(fits(o, print_number(Number{})) == zero);
}

} // namespace

TEST_CASE("every option is in a section, and named and explained once") {
  std::set<std::string_view> names;
  std::set<std::string_view> meanings;
  for (const auto& o : options()) {
    INFO(o.name());
    CHECK(names.insert(o.name()).second);
    CHECK(meanings.insert(o.meaning).second);
    CHECK(o.meaning.ends_with('.'));
    CHECK(std::any_of(sections().begin(), sections().end(), [&](auto& s) {
      return o.name().starts_with(std::string{s.name} + ".");
    }));
  }
}

TEST_CASE("every section has options and a place in the order of options") {
  auto top = keys_in("");

  REQUIRE(top.size() == sections().size());
  for (std::size_t i = 0; i < top.size(); ++i)
    CHECK(top[i] == sections()[i].name);
}

TEST_CASE("every default is accepted, and is what parsing nothing gives") {
  auto nothing = parse("", "f");

  REQUIRE(nothing);
  for (const auto& o : options()) {
    INFO(o.name());
    CHECK(o.in.get(*nothing) == fallback(o.type));
  }
}

TEST_CASE("integers, durations and sizes end at their edges") {
  using std::chrono::milliseconds;
  for (const auto& o : options()) {
    INFO(o.name());
    if (auto x = std::get_if<integer>(&o.type))
      check_edges<std::uint64_t>(o, x->least, x->most, !x->zero.empty(),
                                 [](auto n) { return std::to_string(n); });
    if (auto x = std::get_if<duration>(&o.type))
      check_edges<milliseconds>(
        o, x->least, x->most, !x->zero.empty(),
        [](auto n) { return in_quotes(print_duration(n)); });
    if (auto x = std::get_if<size>(&o.type))
      check_edges<std::uint64_t>(o, x->least, x->most, false, [](auto n) {
        return in_quotes(print_size(n));
      });
  }
}

TEST_CASE("every range fits the member it fills") {
  for (const auto& o : options())
    if (auto x = std::get_if<integer>(&o.type)) {
      INFO(o.name());
      settings into = defaults();
      o.in.set(into, value{x->most});
      CHECK(o.in.get(into) == value{x->most});
    }
}

TEST_CASE("every name of a choice is accepted, and a value of its own") {
  for (const auto& o : options())
    if (auto x = std::get_if<choice>(&o.type))
      for (std::size_t i = 0; i < x->names.size(); ++i) {
        auto line = std::string{o.name()} + " = '" + std::string{x->names[i]};
        auto parsed = parse(line + "'", "f");
        REQUIRE(parsed);
        CHECK(o.in.get(*parsed) == value{std::uint64_t{i}});
      }
}

TEST_CASE("the names of log levels are those of the enumeration") {
  auto level_of = [](std::string_view name) {
    auto x = parse("log.level = '" + std::string{name} + "'", "f");
    REQUIRE(x);
    return x->log.level;
  };

  CHECK(level_of("debug") == log_level::debug);
  CHECK(level_of("info") == log_level::info);
  CHECK(level_of("error") == log_level::error);
  CHECK(parse("log.format = 'json'", "f")->log.format == log_format::json);
}

TEST_CASE("a value is printed as it would be read") {
  for (const auto& o : options()) {
    INFO(o.name());
    auto x = fallback(o.type);
    auto text = std::string{o.name()} + " = " + print(o.type, x);
    auto parsed = parse(text, "f");
    REQUIRE(parsed);
    CHECK(o.in.get(*parsed) == x);
  }
}

TEST_CASE("long and strange strings are printed whole") {
  auto names = find_option("node.data_dir");
  value strange = std::string(300, 'x') + "\"\\\n\t\x01\x7fü";

  auto parsed = parse("node.data_dir = " + print(names->type, strange), "f");

  REQUIRE(parsed);
  CHECK(names->in.get(*parsed) == strange);
}

TEST_CASE("sections lie above options") {
  CHECK(is_section("listen"));
  CHECK(is_section("listen.tcp"));
  CHECK_FALSE(is_section("listen.tcp.address"));
  CHECK_FALSE(is_section("lis"));
  CHECK_FALSE(is_section(""));
  CHECK(keys_in("listen")
        == std::vector<std::string_view>{"tcp", "tls", "ws", "wss", "urls",
                                         "insecure"});
}

TEST_CASE("the defaults are those that were decided") {
  using namespace std::chrono_literals;
  auto x = defaults();

  CHECK(x.node.name == "iris");
  CHECK(x.node.shards == 16);
  CHECK(x.listen.tcp.address == endpoint{"127.0.0.1", 7300});
  CHECK(x.listen.wss.address.off());
  CHECK_FALSE(x.listen.insecure);
  CHECK(x.tls.names == std::vector<std::string>{"localhost", "127.0.0.1"});
  CHECK(x.auth.token_lifetime == 24h);
  CHECK(x.storage.reserve == 1ULL << 30);
  CHECK(x.limits.mailbox == 1024);
  CHECK(x.retention.messages == 0ms);
  CHECK(x.retention.idempotency == 168h);
  CHECK(x.log.level == log_level::info);
  CHECK(thread_count(x) >= 1);
  CHECK(signing_key_path(x) == "./iris-data/signing-key.json");
}

TEST_CASE("what is said goes before what is derived") {
  auto x = parse("node.threads = 3\nauth.key = '/k.json'", "f");

  REQUIRE(x);
  CHECK(thread_count(*x) == 3);
  CHECK(signing_key_path(*x) == "/k.json");
}

} // namespace options_test
