#include "config/render.hpp"

#include "config/changes.hpp"
#include "config/load.hpp"
#include "config/rules.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

namespace render_test {

using namespace iris::config;

namespace {

const std::string root = IRIS_SOURCE_DIR;

std::string content(const std::string& file) {
  std::ifstream in{root + "/" + file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

TEST_CASE("docs/configuration.md is what the declarations say") {
  INFO("if not: cmake --build build/dev --target config_files");
  CHECK(content("docs/configuration.md") == render_markdown());
}

TEST_CASE("full.toml is what the declarations say") {
  INFO("if not: cmake --build build/dev --target config_files");
  CHECK(content("examples/configs/full.toml") == render_example());
}

TEST_CASE("every option and rule is in the documentation") {
  auto page = render_markdown();
  for (const auto& o : options()) {
    INFO(o.name());
    auto title = page.find("### `" + std::string{o.name()} + "`\n");
    REQUIRE(title != page.npos);
    auto text = page.substr(title, page.find("\n## ", title) - title);
    CHECK(text.find(o.meaning) != text.npos);
    CHECK(text.find(accepted(o.type)) != text.npos);
    CHECK(text.find(print(o.type, fallback(o.type))) != text.npos);
    CHECK(text.find("`" + variable_name(o.name()) + "`") != text.npos);
  }
  for (const auto& r : rules())
    CHECK(page.find(r.meaning) != page.npos);
}

TEST_CASE("full.toml sets every option, to its default") {
  auto text = render_example();
  auto full = parse(text, "full.toml");

  REQUIRE(full);
  CHECK(changes(defaults(), *full).empty());
  // A default could also have come from saying nothing.
  std::size_t said = 0;
  for (std::size_t at = 0;
       (at = text.find("\n# Can be changed", at)) != text.npos; ++at)
    ++said;
  CHECK(said == options().size());
  CHECK(text.find("\ntcp.address = \"127.0.0.1:7300\"\n") != text.npos);
}

TEST_CASE("the lines of full.toml fit 80 columns") {
  auto text = render_example();
  for (std::size_t at = 0; at < text.size();) {
    auto end = text.find('\n', at);
    CHECK(end - at <= 80);
    at = end + 1;
  }
}

TEST_CASE("minimal.toml says where the data is, and nothing else") {
  auto minimal = load(root + "/examples/configs/minimal.toml", {});

  REQUIRE(minimal);
  auto all = changes(defaults(), *minimal);
  REQUIRE(all.size() == 1);
  CHECK(all[0].what->name() == "node.data_dir");
}

TEST_CASE("tls.toml listens with TLS only") {
  auto tls = load(root + "/examples/configs/tls.toml", {});

  REQUIRE(tls);
  CHECK(tls->listen.tcp.address.off());
  CHECK(tls->listen.ws.address.off());
  CHECK(tls->listen.tls.address == endpoint{"0.0.0.0", 7301});
  CHECK(tls->listen.wss.address == endpoint{"0.0.0.0", 7303});
  CHECK(tls->tls.certificate == "/etc/iris/certificate.pem");
  CHECK(tls->tls.key == "/etc/iris/key.pem");
}

} // namespace render_test
