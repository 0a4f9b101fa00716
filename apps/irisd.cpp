// irisd: a node. Configuration in, one process, SIGTERM ends it gracefully.
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
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

int fail(const iris::error& why) {
  std::cerr << "irisd: " << to_string(why) << '\n';
  return 1;
}

int serve(const iris::config::settings& settings) {
  auto signals = block_signals();
  auto started = iris::apps::server::start(settings);
  if (!started)
    return fail(started.failure());
  auto& server = **started;
  for (const auto& x : server.addresses())
    std::cout << "listening on " << x << '\n';
  std::cout << "ready" << std::endl;
  int signal = 0;
  sigwait(&signals, &signal);
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
  auto loaded =
    file.empty()
      ? iris::config::parse("", "", iris::config::process_environment())
      : iris::config::load(file);
  if (!loaded) {
    std::cerr << to_string(loaded.problems());
    return 2;
  }
  return serve(*loaded);
}
