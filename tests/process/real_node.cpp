#include "tests/process/real_node.hpp"

#include "base/clock.hpp"
#include "tests/process/looks.hpp"

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <sys/wait.h>

namespace iris::process {

namespace {

using namespace std::chrono_literals;

/// Safety nets, far beyond what a slow machine needs.
constexpr auto stop_timeout = 60s;
constexpr auto answer_timeout = 30s;

constexpr auto admin = "admin";

bench::scratch_directory new_scratch() {
  auto made =
    bench::scratch_directory::make(std::filesystem::temp_directory_path());
  if (!made)
    throw std::runtime_error(to_string(made.failure()));
  return *std::move(made);
}

} // namespace

std::string quoted(const std::string& x) {
  return '"' + x + '"';
}

real_node::real_node(node_setup setup)
  : setup_(std::move(setup)), scratch_(new_scratch()) {
  for (const auto* x : transports)
    ports_[x];
  ports_[admin];
  program_.program = IRIS_IRISD;
  program_.config = scratch_.path() / "iris.toml";
  program_.log = scratch_.path() / "irisd.log";
  configure(setup_.more);
}

void real_node::configure(const std::string& more) const {
  auto out =
    "[node]\nname = \"process\"\ndata_dir = " + quoted(data_dir().string())
    + "\nid = " + std::to_string(setup_.id)
    + "\nshards = " + std::to_string(setup_.shards)
    + "\n[log]\nlevel = \"warn\"\n[auth]\nkey = " + quoted(setup_.key.string())
    + "\n[tls]\n";
  const auto& from = setup_.certificates;
  out += from.empty()
           ? "generate = true\n"
           : "certificate = " + quoted((from / "node.pem").string())
               + "\nkey = " + quoted((from / "node.key").string()) + "\n";
  for (const auto& [name, port] : ports_)
    out += (name == admin ? "[" : "[listen.") + name
           + "]\naddress = \"127.0.0.1:" + std::to_string(port.number())
           + "\"\n";
  // No more of the disk than the tests need.
  if (more.find("[storage]") == more.npos)
    out += "[storage]\nreserve = \"16 MiB\"\n";
  std::ofstream{program_.config} << out << more;
}

void real_node::start() {
  auto started = bench::node_process::start(program_);
  if (!started)
    give_up(to_string(started.failure()));
  process_ = *std::move(started);
  if (key_)
    return;
  auto key = cli::load_local_key(program_.config.string());
  if (!key)
    give_up(to_string(key.failure()));
  key_.emplace(*std::move(key));
  const auto& made = setup_.certificates;
  auto trust =
    client::tls_context::create((made.empty() ? data_dir() : made) / "ca.pem");
  if (!trust)
    give_up(to_string(trust.failure()));
  trust_ = *std::move(trust);
}

std::filesystem::path real_node::running_program() const {
  return std::filesystem::read_symlink(
    "/proc/" + std::to_string(process_->pid()) + "/exe");
}

void real_node::kill() {
  if (auto ok = process_->stop(SIGKILL, stop_timeout); !ok)
    give_up(to_string(ok.failure()));
  process_.reset();
}

result<void> real_node::terminate() {
  auto out = process_->stop(SIGTERM, stop_timeout);
  process_.reset();
  return out;
}

void real_node::reload(const std::string& more) {
  configure(more);
  signal(SIGHUP);
}

void real_node::tell_urls() const {
  std::string list;
  for (const auto* x : transports)
    list += quoted(url(x)) + ", ";
  configure(setup_.more + "[listen]\nurls = [" + list + "]\n");
}

void real_node::signal(int number) const {
  if (::kill(process_->pid(), number) != 0)
    give_up("can't signal the node");
}

std::uint64_t real_node::held_bytes() const {
  std::ifstream in{"/proc/" + std::to_string(process_->pid()) + "/status"};
  std::string word;
  while (in >> word)
    if (std::uint64_t kib = 0; word == "RssAnon:" && in >> kib)
      return kib * 1024;
  give_up("/proc tells no RssAnon of the node");
}

real_node::verdict real_node::verify() const {
  return run_iris("verify " + quoted(data_dir().string()));
}

real_node::verdict real_node::operate(const std::string& command) const {
  return run_iris(
    command + " --admin http://127.0.0.1:" + std::to_string(port(admin)),
    operator_token());
}

real_node::verdict real_node::use(const user_id& as,
                                  const std::string& command) const {
  return run_iris(command + " --server " + url("tcp"), token(as));
}

real_node::verdict real_node::run_iris(const std::string& command,
                                       const std::string& token) const {
  auto file = scratch_.path() / "token.jwt";
  std::ofstream{file} << token;
  return run_iris(command + " --token-file " + quoted(file.string()));
}

real_node::verdict real_node::run_iris(const std::string& arguments) const {
  // The names are ours: no quote is in them.
  auto command = quoted(IRIS_IRIS) + " " + arguments + " 2>&1";
  auto* pipe = popen(command.c_str(), "re");
  if (pipe == nullptr)
    give_up("can't run " + command);
  verdict out;
  char buffer[4096];
  while (auto n = fread(buffer, 1, sizeof buffer, pipe))
    out.text.append(buffer, n);
  auto status = pclose(pipe);
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return out;
}

std::string real_node::url(const std::string& transport) const {
  return transport + "://127.0.0.1:" + std::to_string(port(transport));
}

std::string real_node::token(const user_id& whom) const {
  return sign(whom, {security::role::user});
}

std::string real_node::operator_token() const {
  return sign(*user_id::parse("operator"), {security::role::cluster_operator});
}

std::string real_node::sign(const user_id& whom,
                            std::set<security::role> roles) const {
  security::claims claims;
  claims.user = whom;
  claims.roles = std::move(roles);
  auto made = key_->issuer.issue(claims, 2h, system_clock().wall_now());
  if (!made)
    give_up(to_string(made.failure()));
  return *made;
}

cli::http_answer real_node::get(const std::string& target,
                                bool as_operator) const {
  auto token = as_operator ? operator_token() : "";
  auto answer = cli::call({"127.0.0.1", port(admin)}, {"GET", target, token},
                          answer_timeout);
  if (!answer)
    give_up(to_string(answer.failure()));
  return *std::move(answer);
}

std::map<std::string, double> real_node::metrics() const {
  auto answer = get("/metrics");
  if (answer.status != 200)
    give_up("/metrics: " + answer.body);
  std::map<std::string, double> out;
  std::istringstream lines{answer.body};
  for (std::string line; std::getline(lines, line);)
    if (auto end = line.rfind(' '); end != line.npos && line[0] != '#')
      out[line.substr(0, end)] = std::stod(line.substr(end + 1));
  return out;
}

double real_node::connections() const {
  auto open = 0.0;
  for (const auto& [name, value] : metrics())
    if (name.starts_with("iris_connections{"))
      open += value;
  return open;
}

std::string real_node::log() const {
  std::ifstream in{program_.log};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void real_node::await_log(const std::string& text) const {
  auto now = [] { return system_clock().steady_now(); };
  for (auto until = now() + answer_timeout; log().find(text) == text.npos;
       rest_between_looks())
    if (now() > until)
      give_up("expected it to log " + text);
}

void real_node::give_up(const std::string& why) const {
  throw std::runtime_error(why + "\nthe node's log:\n" + log());
}

} // namespace iris::process
