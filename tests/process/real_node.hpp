#pragma once

#include "apps/bench/node_process.hpp"
#include "apps/bench/reserved_port.hpp"
#include "apps/cli/http.hpp"
#include "apps/cli/local_key.hpp"
#include "clients/cpp/tls.hpp"
#include "tests/process/venue.hpp"

#include <array>
#include <map>
#include <optional>

namespace iris::process {

/// By the names that URLs and metrics give them.
inline constexpr std::array<const char*, 4> transports{"tcp", "tls", "ws",
                                                       "wss"};

/// A string of a configuration.
std::string quoted(const std::string& x);

struct node_setup {
  /// Added to the configuration: whole sections, as TOML.
  std::string more = {};
  int shards = 16;
  int id = 1;
  /// Of its tokens; a key of its own if empty.
  std::filesystem::path key = {};
  /// With what make_self_signed makes; certificates of its own if empty.
  std::filesystem::path certificates = {};
};

/// A node as an operator runs it: the program irisd with a configuration and a
/// store of its own, all four listeners with generated certificates, and the
/// admin listener. It can die and come back on the same ports.
///
/// What fails here is no finding about the node's promises but the end of the
/// test: these throw std::runtime_error with the reason and the node's log.
class real_node final : public venue {
public:
  explicit real_node(node_setup setup);
  explicit real_node(const std::string& more = {}, int shards = 16)
    : real_node(node_setup{more, shards}) {}

  void start();
  /// What its next start runs: the irisd of this build, or another.
  const std::filesystem::path& program() const { return program_.program; }
  void use_program(const std::filesystem::path& file) {
    program_.program = file;
  }
  /// What runs now, as the system knows it.
  std::filesystem::path running_program() const;
  /// SIGKILL, and waits for the end.
  void kill();
  /// SIGTERM, and waits for the end: call it where it blocks nobody. Fails
  /// unless the node ends in time with status 0.
  result<void> terminate();
  bool running() const noexcept { return process_ != nullptr; }
  /// SIGSTOP or SIGCONT, say.
  void signal(int number) const;
  const node_setup& setup() const noexcept { return setup_; }
  /// Replaces `more`, as an operator who edits the file: it starts with that.
  void configure(const std::string& more) const;
  /// The same, and SIGHUP.
  void reload(const std::string& more);
  /// From its next start on, other nodes know where clients reach it.
  void tell_urls() const;
  /// Memory that is its own. What it maps of the store's files does not count:
  /// the system takes that back when it likes.
  std::uint64_t held_bytes() const;

  /// What a command of `iris` says, and how it ends.
  struct verdict {
    int status = -1;
    std::string text;
  };
  /// Of the store. Precondition: not running.
  verdict verify() const;
  /// What an operator is told who runs this at the node: "node list". Blocks
  /// until the command ends.
  verdict operate(const std::string& command) const;
  /// The same of a user who knows this node only: "send --to bob hello".
  verdict use(const user_id& as, const std::string& command) const;

  std::filesystem::path data_dir() const { return scratch_.path() / "data"; }
  std::string url(const std::string& transport) const;
  std::vector<std::string> urls(const std::string& transport) const override {
    return {url(transport)};
  }
  std::uint16_t port(const std::string& transport) const {
    return ports_.at(transport).number();
  }
  /// Trusts the authority that the node made for itself.
  std::shared_ptr<const client::tls_context> trust() const override {
    return trust_;
  }
  /// Signed with the node's key.
  std::string token(const user_id& whom) const override;
  double connections() const override;

  /// What the admin listener answers to a GET, by an operator if asked for.
  cli::http_answer get(const std::string& target,
                       bool as_operator = false) const;
  /// All series of /metrics, by name with labels.
  std::map<std::string, double> metrics() const;
  /// What it has logged so far, over all its lives.
  std::string log() const;
  /// Waits until that holds `text`.
  void await_log(const std::string& text) const;

private:
  verdict run_iris(const std::string& arguments) const;
  verdict run_iris(const std::string& command, const std::string& token) const;
  [[noreturn]] void give_up(const std::string& why) const;

  std::string operator_token() const;
  std::string as_operator() const;
  std::string sign(const user_id& whom, std::set<security::role> roles) const;

  const node_setup setup_;
  bench::scratch_directory scratch_;
  std::map<std::string, bench::reserved_port> ports_;
  bench::node_process::options program_;
  std::unique_ptr<bench::node_process> process_; ///< ends before its folder
  std::optional<cli::local_key> key_;
  std::shared_ptr<const client::tls_context> trust_;
};

} // namespace iris::process
