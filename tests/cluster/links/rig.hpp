#pragma once

#include "cluster/links/links.hpp"
#include "tests/security/temporary_directory.hpp"

#include <condition_variable>
#include <map>
#include <memory>

/// Nodes that are nothing but their links, over loopback and real TLS.
namespace iris::cluster::test {

/// Waits for what other threads bring about. The deadline is for a test that
/// fails: none depends on it.
class waiting {
public:
  template <class Change>
  void change(Change f) {
    std::lock_guard guard{mutex_};
    f();
    changed_.notify_all();
  }

  template <class Condition>
  bool until(Condition holds) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{30}, holds);
  }

  template <class Question>
  auto ask(Question f) {
    std::lock_guard guard{mutex_};
    return f();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Keeps what a node's links tell it.
class watcher final : public network::receiver {
public:
  struct frame {
    lane by;
    std::string bytes;

    bool operator==(const frame&) const = default;
  };

  void on_frame(node_id from, lane by, std::string bytes) override;
  void on_link(node_id peer, bool up) override;

  /// Whether the link's changes begin with these, once so many have come. E.g.
  /// "+-+".
  bool links_are(node_id peer, const std::string& changes);
  bool frames_come(node_id from, std::size_t number);
  /// What came, in order.
  std::vector<frame> frames(node_id from);
  std::vector<std::string> frames(node_id from, lane by);

  /// on_frame doesn't return until `resume`.
  void stop();
  void resume();

private:
  waiting all_;
  bool stopped_ = false;
  std::map<node_id, std::string> links_;
  std::map<node_id, std::vector<frame>> frames_;
};

/// Log lines that can be waited for.
class log_lines final : public observability::log_sink {
public:
  bool write(std::string_view line) noexcept override;
  bool come(const std::string& with);
  std::size_t count(const std::string& with);

private:
  waiting all_;
  std::string text_;
};

/// What is special about a node.
struct node_setup {
  node_id id;
  std::string cluster = "demo";
  std::uint64_t incarnation = 1;
  std::uint64_t founding = 0;
  std::uint16_t shards = 12;
  link_files files;
  frame_versions speaks;
  std::vector<std::string> urls = {};
  std::function<result<void>(const link_peer&)> admit;
  std::function<std::string()> past = [] { return std::string{}; };
  std::function<std::uint64_t()> mark = [] { return 0; };
  std::function<void(const link_peer&, std::uint64_t)> renewed =
    [](const link_peer&, std::uint64_t) {};
  /// Long, so that no test waits for them or is hurried by them.
  std::chrono::milliseconds heartbeat = std::chrono::seconds{20};
  std::chrono::milliseconds handshake_timeout = std::chrono::seconds{60};
  std::chrono::milliseconds close_timeout = std::chrono::seconds{60};
};

class node {
public:
  explicit node(const node_setup& setup);

  node_id id() const { return setup_.id; }
  std::uint16_t port() const { return links_->port(); }
  link_address address() const {
    return {setup_.id, {"127.0.0.1", links_->port()}};
  }
  links& net() { return *links_; }
  watcher& seen() { return *seen_; }
  log_lines& log() { return *lines_; }
  observability::metrics& metrics() { return *metrics_; }

  void start(const std::vector<link_address>& peers);
  /// From the next link on it has this certificate.
  void take(const std::filesystem::path& certificate);

private:
  node_setup setup_;
  std::unique_ptr<watcher> seen_ = std::make_unique<watcher>();
  std::unique_ptr<observability::metrics> metrics_ =
    std::make_unique<observability::metrics>();
  std::shared_ptr<log_lines> lines_ = std::make_shared<log_lines>();
  std::unique_ptr<observability::logger> log_;
  std::unique_ptr<links> links_;
};

link_options options_of(const node_setup& setup);

/// A directory with a CA and what it signed.
class authority {
public:
  explicit authority(std::string cluster = "demo");

  /// Made at the first call.
  link_files files_of(node_id node);
  /// One that has ended.
  std::filesystem::path expired(node_id node);

  node_setup setup(std::uint64_t id) {
    node_setup out;
    out.id = {id};
    out.files = files_of({id});
    return out;
  }
  const std::filesystem::path& ca() const { return ca_.certificate; }
  const security::test::temporary_directory& directory() const { return dir_; }

private:
  security::node_certificate certificate(node_id node) const;

  std::string cluster_;
  security::test::temporary_directory dir_;
  security::cluster_ca ca_;
};

/// Makes each know all others, and starts them.
void join(const std::vector<node*>& nodes);

} // namespace iris::cluster::test
