#include "apps/cli/http.hpp"
#include "tests/apps/live_node.hpp"

#include <nlohmann/json.hpp>

namespace irisd_test {

using namespace iris;
using namespace iris::test;
using security::test::temporary_directory;

namespace {

const std::string founded =
  "founded a new cluster of one, without links to other nodes";

run_outcome run_irisd(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), IRISD_PROGRAM);
  program node{std::move(arguments)};
  run_outcome out;
  out.out = node.rest();
  out.err = node.complaint();
  out.code = node.wait();
  return out;
}

/// A file in a folder of its own.
struct config_file {
  explicit config_file(const std::string& text) {
    std::ofstream{path()} << "[node]\ndata_dir = \""
                          << (folder / "data").string() << "\"\n"
                          << text;
  }
  std::string path() const { return (folder / "iris.toml").string(); }

  temporary_directory folder;
};

/// The texts of a log's lines, one behind the other. Warnings, which are of
/// the machine, are left out.
std::string texts_of(const std::filesystem::path& file) {
  std::ifstream lines{file};
  std::string out;
  for (std::string x; std::getline(lines, x);)
    if (auto line = nlohmann::json::parse(x); line["level"] != "warn")
      out += line["text"].get<std::string>() + "; ";
  return out;
}

/// A node whose log is renamed while it runs.
struct rotated_log {
  struct texts {
    std::string old;
    std::string now;
  };

  /// Runs a node; when it is ready its log is renamed, then `more` is done
  /// with the name, then it gets SIGHUP and ends.
  texts rotate(const std::function<void(const std::filesystem::path&)>& more) {
    auto file = folder / "iris.log", old = folder / "iris.log.1";
    config_file config{"[listen.tcp]\naddress = \"127.0.0.1:0\"\n[admin]\n"
                       "address = \"\"\n[log]\nformat = \"json\"\nfile = \""
                       + file.string() + "\"\n"};
    program node{{IRISD_PROGRAM, "--config", config.path()}};
    node.line_with("ready");
    std::filesystem::rename(file, old);
    more(file);
    node.signal(SIGHUP);
    node.signal(SIGTERM);
    CHECK(node.wait() == 0);
    return {texts_of(old), texts_of(file)};
  }

  temporary_directory folder;
};

} // namespace

TEST_CASE("a node that is started wrongly ends with 2, and three lines") {
  config_file wrong{"shards = 0\n[admin]\naddress = \"0.0.0.0:7380\"\n"};
  config_file typo{"shard = 1\n"};
  auto missing = (wrong.folder / "nowhere.toml").string();
  struct {
    std::vector<std::string> arguments;
    std::string said;
  } cases[] = {
    {{"--confg", "x"},
     "irisd: can't understand the command line\n"
     "why: there is no option --confg; did you mean --config?\n"
     "try: irisd --help\n"},
    {{"iris.toml"},
     "irisd: can't understand the command line\n"
     "why: expected nothing more, found 'iris.toml'\n"
     "try: irisd --help\n"},
    {{"--config"},
     "irisd: can't understand the command line\n"
     "why: --config: expected a value behind it, found nothing\n"
     "try: irisd --help\n"},
    {{"--config", ""},
     "irisd: can't understand the command line\n"
     "why: --config: expected a value, found ''\n"
     "try: irisd --help\n"},
    {{"--config", missing},
     "irisd: " + missing + " can't be used\nwhy: " + missing
       + ": found no such file, expected the path of a TOML file\n"
       + "try: check the path; without a file every option has its default\n"},
    {{"--config", typo.path()},
     "irisd: " + typo.path() + " can't be used\nwhy: " + typo.path()
       + ":3:1: node.shard: found an unknown key, expected one of "
       + "name, id, data_dir, shards, threads, drain_timeout; did you mean "
         "node.shards?\n"
       + "try: correct it; docs/configuration.md has every option\n"},
    {{"-c", wrong.path()},
     wrong.path() + ":3:10: node.shards: found 0, expected a whole number of "
       + "shards from 1 to 1024\n" + wrong.path()
       + ":5:11: admin.address: found \"0.0.0.0:7380\", expected a loopback "
         "address without TLS, or listen.insecure = true\n"
       + "irisd: " + wrong.path()
       + " can't be used\nwhy: 2 problems, listed above\n"
       + "try: correct it; docs/configuration.md has every option\n"}};

  for (const auto& x : cases) {
    CAPTURE(x.arguments[0]);

    auto run = run_irisd(x.arguments);

    CHECK(run.code == 2);
    CHECK(run.out == "");
    CHECK(run.err == x.said);
  }
}

TEST_CASE("a node whose address is taken names the option, and ends with 1") {
  live_node other;
  auto taken = other.listener("http");
  config_file admin{"[listen.tcp]\naddress = \"\"\n[admin]\naddress = \""
                    + taken + "\"\n"};
  config_file tcp{"[listen.tcp]\naddress = \"" + taken
                  + "\"\n[admin]\naddress = \"\"\n"};

  auto first = run_irisd({"--config", admin.path()});
  auto second = run_irisd({"--config", tcp.path()});

  for (const auto& x : {std::pair{first, "admin.address: "},
                        {second, "listen.tcp.address: "}}) {
    const auto& run = x.first;
    const std::string option = x.second;
    CAPTURE(option);
    CHECK(run.code == 1);
    CHECK(run.out == "");
    auto begin =
      std::string{"irisd: can't start\nwhy: io_failed (501): "} + option;
    auto at = run.err.find(begin);
    REQUIRE(at != std::string::npos);
    CHECK(run.err.find("Address already in use", at) != std::string::npos);
    CHECK(run.err.ends_with("\ntry: correct that, and start it again\n"));
  }
}

TEST_CASE("a node says where its administration interface listens") {
  live_node node;
  auto issued = run_iris({"token", "issue", "--user", "op", "--role",
                          "operator", "--config", node / "iris.toml"});
  std::ofstream{node / "op.jwt"} << issued.out;

  auto tree = run_iris({"tree", "--admin", "http://" + node.listener("http"),
                        "--token-file", node / "op.jwt"});

  CHECK(tree.err == "");
  CHECK(tree.code == 0);
}

TEST_CASE("a node's log tells its life, from its start to its end") {
  config_file config{"[listen.tcp]\naddress = \"127.0.0.1:0\"\n[admin]\n"
                     "address = \"\"\n[log]\nformat = \"json\"\n"};
  auto live = [&] {
    program node{{IRISD_PROGRAM, "--config", config.path()}};
    node.line_with("ready");
    node.signal(SIGHUP);
    node.signal(SIGTERM);
    CHECK(node.wait() == 0);
    std::vector<nlohmann::json> out;
    std::istringstream lines{node.complaint()};
    for (std::string x; std::getline(lines, x);)
      out.push_back(nlohmann::json::parse(x));
    return out;
  };
  auto texts = [](const std::vector<nlohmann::json>& lines) {
    std::vector<std::string> out;
    for (const auto& x : lines)
      if (x["level"] == "info")
        out.push_back(x["text"]);
    return out;
  };
  auto life = [](std::vector<std::string> store) {
    std::vector<std::string> out{"starting"};
    out.insert(out.end(), store.begin(), store.end());
    for (auto x :
         {"listening", "ready", "reloading", "reloaded", "draining", "stopped"})
      out.push_back(x);
    return out;
  };

  auto first = live(), second = live();

  CHECK(texts(first) == life({"new store made", founded}));
  CHECK(texts(second) == life({"store opened"}));
  REQUIRE(first.size() >= 3);
  CHECK(first[0]["data_dir"] == (config.folder / "data").string());
  CHECK(first[0]["version"].is_string());
  CHECK(first[0]["pid"].is_number());
  CHECK(second[0]["node"] == 1);
}

TEST_CASE("a log that was renamed goes on in a new file at SIGHUP") {
  rotated_log log;

  auto texts = log.rotate([](const std::filesystem::path&) {});

  // Those that still waited for the writing thread may be in either.
  CHECK(texts.now.ends_with("reloading; reloaded; draining; stopped; "));
  CHECK(texts.old + texts.now
        == "starting; new store made; " + founded
             + "; listening; ready; reloading; reloaded; draining; stopped; ");
}

TEST_CASE("a log that can't be opened again goes on where it was") {
  rotated_log log;

  auto texts = log.rotate([](const std::filesystem::path& file) {
    std::filesystem::create_directory(file);
  });

  CHECK(
    texts.old
    == "starting; new store made; " + founded
         + "; listening; ready; log file not reopened; reloading; reloaded; "
           "draining; stopped; ");
  CHECK(texts.now == "");
}

TEST_CASE("a node whose data folder is a file says so") {
  config_file config{"[listen.tcp]\naddress = \"\"\n[admin]\naddress = "
                     "\"\"\n"};
  auto file = config.folder / "data";
  std::ofstream{file} << "x";

  auto run = run_irisd({"--config", config.path()});

  CHECK(run.code == 1);
  CHECK(run.err.ends_with(
    "irisd: can't start\nwhy: io_failed (501): node.data_dir: " + file.string()
    + " is a file, expected a folder\ntry: correct that, and start it "
      "again\n"));
}

TEST_CASE("a node that has lost its key says where to read what to do") {
  config_file config{"[listen.tcp]\naddress = \"127.0.0.1:0\"\n[admin]\n"
                     "address = \"\"\n"};
  program node{{IRISD_PROGRAM, "--config", config.path()}};
  node.line_with("ready");
  node.signal(SIGTERM);
  REQUIRE(node.wait() == 0);
  auto key = config.folder / "data/signing-key.json";
  std::filesystem::remove(key);

  auto run = run_irisd({"--config", config.path()});

  CHECK(run.code == 1);
  CHECK(run.out == "");
  CHECK(run.err.ends_with(
    "irisd: can't start\nwhy: not_found (308): auth.key: no file "
    + key.string()
    + ": expected a secret key there\ntry: put it back from where it was, or "
      "from a backup; if it is lost: docs/operating.md, \"The signing "
      "key\"\n"));
}

TEST_CASE("a damaged first start is told how to begin anew, and can") {
  config_file config{"[listen.tcp]\naddress = \"\"\n[listen.tls]\naddress = "
                     "\"127.0.0.1:0\"\n[tls]\ngenerate = true\n[admin]\n"
                     "address = \"\"\n"};
  auto unfinished = config.folder / "data/certificates.unfinished";
  std::filesystem::create_directories(unfinished.parent_path());
  security::test::write_secret(unfinished, "-----BEGIN PRIVATE KEY-----\n");

  auto run = run_irisd({"--config", config.path()});

  CHECK(run.code == 1);
  CHECK(run.err.ends_with(
    "irisd: can't start\nwhy: corrupt (502): tls.generate: "
    + unfinished.string()
    + " is damaged: expected a key and two certificates\ntry: move it away, "
      "and ca.pem, node.pem and node.key beside it if they are there; no "
      "client has seen these certificates of a first start that was cut "
      "short, and the next one makes new ones\n"));
  std::filesystem::rename(unfinished, config.folder / "moved");
  program node{{IRISD_PROGRAM, "--config", config.path()}};
  node.line_with("ready");
  node.signal(SIGTERM);
  CHECK(node.wait() == 0);
}

TEST_CASE("a node tells its version at /metrics") {
  live_node node;

  auto at = *config::endpoint::parse(node.listener("http"));
  auto answer = cli::call(at, {"GET", "/metrics"}, std::chrono::seconds{30});

  REQUIRE(answer);
  auto version = run_irisd({"--version"}).out;
  version = version.substr(std::string{"irisd "}.size());
  version.pop_back();
  CHECK(answer->body.find("iris_build_info{version=\"" + version + "\"} 1\n")
        != std::string::npos);
}

} // namespace irisd_test
