// irisd: a node. Configuration in, one process, SIGTERM ends it gracefully,
// SIGHUP reads the configuration again and reopens the log.
#include "apps/cli/misunderstood.hpp"
#include "apps/cli/trouble.hpp"
#include "apps/server.hpp"
#include "config/load.hpp"

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

int fail(const iris::cli::trouble& x) {
  print(std::cerr, x, false, "irisd");
  return static_cast<int>(x.code);
}

/// What to do when a node can't start.
std::string remedy(const iris::error& why) {
  using iris::errc;
  // The store is whole: only the key is to be found.
  if (why.context.starts_with("auth.key: ")
      && (why.code == errc::not_found || why.code == errc::corrupt))
    return "put it back from where it was, or from a backup; if it is lost: "
           "docs/operating.md, \"The signing key\"";
  // Nobody has a backup of what a first start left, nor needs one.
  if (why.context.starts_with("tls.generate: ") && why.code == errc::corrupt)
    return "move it away, and ca.pem, node.pem and node.key beside it if they "
           "are there; no client has seen these certificates of a first start "
           "that was cut short, and the next one makes new ones";
  switch (why.code) {
  case errc::store_locked:
    return "end the node that uses this store, or name another node.data_dir";
  case errc::store_foreign:
  case errc::store_missing:
    return "name the node.data_dir of this node, or a new one for a new node";
  case errc::store_newer:
    return "run the version of irisd that wrote the store, or a later one";
  case errc::corrupt:
    return "keep a copy of node.data_dir, and restore a backup";
  default:
    return "correct that, and start it again";
  }
}

iris::config::outcome load(const std::string& file) {
  if (file.empty())
    return iris::config::parse("", "", iris::config::process_environment());
  return iris::config::load(file);
}

/// Goes on in a new log file, and as it was if the configuration is wrong.
void reload(iris::apps::server& server, const std::string& file) {
  using iris::observability::public_text;
  if (auto opened = server.reopen_log(); !opened)
    server.log().error("log file not reopened",
                       {{"problem", opened.failure()}});
  server.log().info("reloading", {{"file", public_text{file}}});
  auto loaded = load(file);
  if (!loaded) {
    for (const auto& x : loaded.problems())
      server.log().error("not reloaded",
                         {{"problem", public_text{to_string(x)}}});
    return;
  }
  auto done = server.reload(*loaded);
  if (!done)
    return server.log().error("not reloaded", {{"problem", done.failure()}});
  server.log().info("reloaded", {{"differences", done->size()}});
}

int serve(const std::string& file, const iris::config::settings& settings) {
  auto signals = block_signals();
  auto started = iris::apps::server::start(settings);
  if (!started)
    return fail(iris::cli::because("can't start", started.failure(),
                                   remedy(started.failure())));
  auto& server = **started;
  for (const auto& x : server.addresses()) {
    server.log().info("listening",
                      {{"address", iris::observability::public_text{x}}});
    std::cout << "listening on " << x << '\n';
  }
  server.log().info("ready", {});
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
  app.name("irisd");
  std::string file;
  app.add_option("-c,--config", file, "TOML file; every option has a default");
  app.set_version_flag("--version", "irisd " IRIS_VERSION);
  iris::cli::refuse_empty_values(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& x) {
    return app.exit(x);
  } catch (const CLI::Error& x) {
    return fail({iris::cli::exit_code::usage,
                 "can't understand the command line",
                 iris::cli::why_misunderstood(app, x), "irisd --help"});
  }
  auto loaded = load(file);
  if (loaded)
    return serve(file, *loaded);
  auto many = loaded.problems().size() > 1;
  if (many)
    std::cerr << to_string(loaded.problems());
  return fail(iris::cli::unusable(file.empty() ? "the environment" : file,
                                  loaded.problems(), many));
}
