#pragma once

#include "apps/bench/node_process.hpp"
#include "tests/apps/command_line.hpp"
#include "tests/apps/program.hpp"
#include "tests/security/temporary_directory.hpp"

#include <csignal>

namespace iris::test {

/// A node of its own: the real irisd, on a port that the system chose, which
/// stays the same when it is restarted.
class live_node {
public:
  /// `more` is what its configuration says besides, in TOML.
  explicit live_node(std::string more = {}) : more_(std::move(more)) {
    write_config("127.0.0.1:0");
    start();
    where_ = process_->listeners().at("tcp");
    write_config(where_);
  }

  void start() {
    auto started = bench::node_process::start(
      {IRISD_PROGRAM, folder_ / "iris.toml", folder_ / "log"});
    REQUIRE_MESSAGE(started, to_string(started.failure()));
    process_ = *std::move(started);
  }

  void stop() {
    auto ended = process_->stop(SIGTERM, std::chrono::minutes{1});
    REQUIRE_MESSAGE(ended, to_string(ended.failure())
                             << "\n"
                             << security::test::text_of(folder_ / "log"));
  }

  std::string url() const { return "tcp://" + where_; }
  /// Where it listens for "tls", "ws", "http" and so on, as "host:port".
  std::string listener(const std::string& transport) const {
    return process_->listeners().at(transport);
  }

  /// A file with a new token of that user.
  std::string token(const std::string& user) const {
    auto issued = run_iris({"token", "issue", "--user", user, "--config",
                            (folder_ / "iris.toml").string()});
    REQUIRE(issued.code == 0);
    auto file = folder_ / (user + ".jwt").c_str();
    std::ofstream{file} << issued.out;
    return file;
  }

  /// The command with what it needs to log in as `user`.
  std::vector<std::string> as(const std::string& user,
                              std::vector<std::string> command) const {
    for (const auto& x : {std::string{"--server"}, url(),
                          std::string{"--token-file"}, token(user)})
      command.push_back(x);
    return command;
  }

  /// Runs it to its end.
  run_outcome run(const std::string& user, std::vector<std::string> command,
                  const std::string& input = {}) const {
    return run_iris(as(user, std::move(command)), input);
  }

  /// Waits until so many entries are in the user's inbox: a message that was
  /// sent is durable, and delivered a little later.
  void await_delivery(const std::string& user, std::size_t count) const {
    auto all = run(user, {"tail", "--device", "await", "--from", "1", "--count",
                          std::to_string(count), "--timeout", "60"});
    REQUIRE_MESSAGE(all.code == 0, all.err);
  }

  /// Starts it as a program.
  program start(const std::string& user, std::vector<std::string> command,
                program::at where = program::at::pipes) const {
    auto arguments = as(user, std::move(command));
    arguments.insert(arguments.begin(), IRIS_PROGRAM);
    return program{std::move(arguments), where};
  }

  std::filesystem::path operator/(const char* name) const {
    return folder_ / name;
  }

private:
  void write_config(const std::string& address) const {
    std::ofstream{folder_ / "iris.toml"}
      << "[node]\ndata_dir = \"" << (folder_ / "data").string()
      << "\"\nshards = 2\n[listen.tcp]\naddress = \"" << address
      << "\"\n[admin]\naddress = \"127.0.0.1:0\"\n"
      // No more of the disk than the tests need.
      << (more_.find("[storage]") == more_.npos
            ? "[storage]\nreserve = \"16 MiB\"\n"
            : "")
      << more_;
  }

  const std::string more_;
  security::test::temporary_directory folder_;
  std::unique_ptr<bench::node_process> process_;
  std::string where_;
};

} // namespace iris::test
