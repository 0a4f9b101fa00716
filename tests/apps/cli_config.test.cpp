#include "config/render.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/security/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <cctype>

namespace cli_config_test {

using namespace iris;
using namespace iris::test;
using security::test::temporary_directory;

namespace {

struct config_file {
  explicit config_file(const std::string& text) {
    std::ofstream{folder / "iris.toml"} << text;
  }
  std::string path() const { return folder / "iris.toml"; }

  temporary_directory folder;
};

/// A variable of the environment for the length of a test.
struct variable {
  variable(const char* name, const char* value) : name_(name) {
    setenv(name, value, 1);
  }
  ~variable() { unsetenv(name_); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

private:
  const char* name_;
};

std::string from_of(const nlohmann::json& shown, const std::string& name) {
  for (const auto& x : shown["options"])
    if (x["name"] == name)
      return x["from"];
  return "not there";
}

} // namespace

TEST_CASE("a good configuration is ok") {
  config_file file{"[node]\nid = 3\n"};

  auto run = run_iris({"config", "check", file.path()});

  CHECK(run.code == 0);
  CHECK(run.out == file.path() + ": ok\n");
  CHECK(run.err == "");
  CHECK(run_iris({"config", "check", file.path(), "--json"}).out
        == "{\"ok\":true,\"problems\":[]}\n");
}

TEST_CASE("all that is wrong is told at once, with file and line") {
  config_file file{"[node]\nid = 0\n[listen.tcp]\nadress = \"x\"\n"};

  auto run = run_iris({"config", "check", file.path()});

  CHECK(run.code == 2);
  CHECK(run.out.find(file.path() + ":2:6: node.id: found 0, expected") == 0);
  CHECK(run.out.find("\n" + file.path() + ":4:1: listen.tcp.adress: ")
        != std::string::npos);
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 2);
  CHECK(
    run.err
    == "iris: " + file.path()
         + " can't be used\nwhy: 2 problems, listed above\ntry: correct it; "
           "docs/configuration.md has every option\n");
}

TEST_CASE("files that a node could not start with are wrong too") {
  temporary_directory other;
  auto missing = [&](const char* name) { return (other / name).string(); };
  std::filesystem::create_directory(other / "data");
  std::filesystem::create_directory(other / "data/store");
  config_file file{"[node]\ndata_dir = \"" + missing("data")
                   + "\"\n[listen.tls]\naddress = \"127.0.0.1:0\"\n"
                     "[tls]\ncertificate = \""
                   + missing("node.pem") + "\"\nkey = \"" + missing("node.key")
                   + "\"\n[auth]\nkey = \"" + missing("key.json")
                   + "\"\n[log]\nfile = \"" + missing("log/iris.log") + "\"\n"};

  auto run = run_iris({"config", "check", file.path()});
  auto json = run_iris({"--json", "config", "check", file.path()});

  const std::string not_there = "\", which is not there, expected ";
  auto at = file.path() + ':';
  CHECK(run.code == 2);
  CHECK(run.out
        == at + "6:15: tls.certificate: found \"" + missing("node.pem")
             + not_there + "a file of certificates in PEM\n" + at
             + "7:7: tls.key: found \"" + missing("node.key") + not_there
             + "a file of a key in PEM\n" + at + "9:7: auth.key: found \""
             + missing("key.json") + not_there
             + "the key of the node whose store is in node.data_dir\n" + at
             + "11:8: log.file: found \"" + missing("log/iris.log")
             + "\", in a folder that is not there, expected a file in one that "
               "is\n");
  CHECK(nlohmann::json::parse(json.out)["problems"].size() == 4);
}

TEST_CASE(
  "files that are made at the first start, or not used, are not missed") {
  temporary_directory other;
  auto missing = [&](const char* name) { return (other / name).string(); };
  config_file file{"[node]\ndata_dir = \"" + missing("data")
                   + "\"\n[tls]\ncertificate = \"" + missing("node.pem")
                   + "\"\nkey = \"" + missing("node.key")
                   + "\"\n[auth]\nkey = \"" + missing("key.json") + "\"\n"};

  CHECK(run_iris({"config", "check", file.path()}).code == 0);
}

TEST_CASE("a file in the place of the data folder is told where it is named") {
  temporary_directory other;
  std::ofstream{other / "data"} << "x";
  config_file file{""};
  variable data_dir{"IRIS_NODE_DATA_DIR", (other / "data").c_str()};

  auto run = run_iris({"config", "check", file.path()});

  CHECK(run.code == 2);
  CHECK(run.out
        == "IRIS_NODE_DATA_DIR: node.data_dir: found \""
             + (other / "data").string()
             + "\", a file, expected a folder, or none yet\n");
}

TEST_CASE("problems for programs name source, line and what was meant") {
  config_file file{"[listen.tcp]\nadress = \"x\"\n"};

  auto run = run_iris({"--json", "config", "check", file.path()});

  auto said = nlohmann::json::parse(run.out);
  CHECK(said["ok"] == false);
  REQUIRE(said["problems"].size() == 1);
  const auto& x = said["problems"][0];
  CHECK(x["source"] == file.path());
  CHECK(x["line"] == 2);
  CHECK(x["column"] == 1);
  CHECK(x["name"] == "listen.tcp.adress");
  CHECK(x["nearest"] == "listen.tcp.address");
  CHECK(nlohmann::json::parse(run.err)["error"]["exit"] == 2);
}

TEST_CASE("shown values say where they come from") {
  config_file file{"[node]\nname = \"demo\"\nid = 3\n"};
  variable id{"IRIS_NODE_ID", "4"};

  auto run = run_iris({"--json", "config", "show", file.path()});

  REQUIRE(run.code == 0);
  auto shown = nlohmann::json::parse(run.out);
  CHECK(shown["options"][0]["name"] == "node.name");
  CHECK(shown["options"][0]["value"] == "\"demo\"");
  CHECK(from_of(shown, "node.name") == file.path() + ":2:8");
  CHECK(shown["options"][1]["value"] == "4");
  CHECK(from_of(shown, "node.id") == "IRIS_NODE_ID");
  CHECK(from_of(shown, "log.level") == "default");
}

TEST_CASE("without a file the defaults are shown") {
  auto run = run_iris({"config", "show"});

  CHECK(run.code == 0);
  CHECK(run.out.find("OPTION ") == 0);
  CHECK(run.out.find("listen.tcp.address") != std::string::npos);
  CHECK(run.out.find("\"127.0.0.1:7300\"") != std::string::npos);
}

TEST_CASE("a wrong file is not shown") {
  config_file file{"[node]\nid = 0\n"};

  auto run = run_iris({"config", "show", file.path()});

  CHECK(run.code == 2);
  CHECK(run.out == "");
}

TEST_CASE("the examples of docs/cli.md end with the codes that it says") {
  std::ifstream file{IRIS_SOURCE_DIR "/docs/cli.md"};
  int examples = 0;
  for (std::string line; std::getline(file, line);) {
    auto begin = line.rfind("| `iris ");
    if (!line.starts_with("| ") || !std::isdigit(line[2]) || begin == line.npos)
      continue;
    begin += 8;
    auto command = line.substr(begin, line.rfind('`') - begin);
    CAPTURE(command);

    CHECK(run_line(command).code == line[2] - '0');
    ++examples;
  }
  CHECK(examples == 4);
}

TEST_CASE("the documentation of the options is the one in docs/") {
  CHECK(run_iris({"config", "docs"}).out == config::render_markdown());
}

} // namespace cli_config_test
