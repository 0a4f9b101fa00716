// irisd: a node. Configuration in, one process, SIGTERM ends it gracefully,
// SIGHUP reads the configuration again.
#include "apps/server.hpp"
#include "config/load.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <iostream>

namespace {

/// Blocks these in every thread, so that the main thread can wait for them.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

int fail(const iris::error& why) {
  std::cerr << "irisd: " << to_string(why) << '\n';
  return 1;
}

iris::config::outcome load(const std::string& file) {
  if (file.empty())
    return iris::config::parse("", "", iris::config::process_environment());
  return iris::config::load(file);
}

/// Runs on as it was if the file is wrong.
void reload(iris::apps::server& server, const std::string& file) {
  using iris::observability::public_text;
  server.log().info("reloading", {{"file", public_text{file}}});
  auto loaded = load(file);
  if (!loaded) {
    for (const auto& x : loaded.problems())
      server.log().error("not reloaded",
                         {{"problem", public_text{to_string(x)}}});
    return;
  }
  if (auto done = server.reload(*loaded); !done)
    server.log().error("not reloaded", {{"problem", done.failure()}});
}

int serve(const std::string& file, const iris::config::settings& settings) {
  auto signals = block_signals();
  auto started = iris::apps::server::start(settings);
  if (!started)
    return fail(started.failure());
  auto& server = **started;
  for (const auto& x : server.addresses())
    std::cout << "listening on " << x << '\n';
  std::cout << "ready" << std::endl;
  int signal = 0;
  for (sigwait(&signals, &signal); signal == SIGHUP; sigwait(&signals, &signal))
    reload(server, file);
  server.log().info("draining", {});
  server.stop();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"A node of Iris, the self-hosted messaging runtime."};
  std::string file;
  app.add_option("-c,--config", file, "TOML file; every option has a default")
    ->check(CLI::ExistingFile);
  app.set_version_flag("--version", IRIS_VERSION);
  CLI11_PARSE(app, argc, argv);
  auto loaded = load(file);
  if (!loaded) {
    std::cerr << to_string(loaded.problems());
    return 2;
  }
  return serve(file, *loaded);
}
