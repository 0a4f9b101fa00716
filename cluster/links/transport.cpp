#include "cluster/links/transport.hpp"

#include "security/node_proof.hpp"

#include <caf/io/basp_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/doorman_impl.hpp>
#include <caf/io/network/stream_impl.hpp>
#include <caf/openssl/session.hpp>

#include <openssl/err.h>

namespace iris::cluster {

namespace {

namespace mpx = caf::io::network;
using multiplexer = mpx::default_multiplexer;
using refusal = std::function<void(const connection&)>;

/// Keeps the errors of one connection from the others of this thread.
class tls_policy {
public:
  tls_policy(caf::openssl::session_ptr session, connection_ptr about)
    : session_(std::move(session)), about_(std::move(about)) {
    // nop
  }

  mpx::rw_state read_some(std::size_t& done, int fd, void* to,
                          std::size_t size) {
    ERR_clear_error();
    return noted(session_->read_some(done, fd, to, size));
  }

  mpx::rw_state write_some(std::size_t& done, int fd, const void* from,
                           std::size_t size) {
    ERR_clear_error();
    return noted(session_->write_some(done, fd, from, size));
  }

  bool must_read_more(int fd, std::size_t threshold) {
    return session_->must_read_more(fd, threshold);
  }

private:
  mpx::rw_state noted(mpx::rw_state x) {
    if (x == mpx::rw_state::failure)
      about_->failed(security::take_openssl_errors());
    return x;
  }

  caf::openssl::session_ptr session_;
  connection_ptr about_;
};

class tls_scribe final : public caf::io::scribe {
public:
  tls_scribe(multiplexer& on, int fd, tls_policy policy, connection_ptr about,
             refusal on_refused)
    : scribe(mpx::conn_hdl_from_socket(fd)), about_(about),
      on_refused_(std::move(on_refused)), stream_(on, fd, std::move(policy)) {
    // nop
  }

  ~tls_scribe() override {
    if (on_refused_ && !about_->kept())
      on_refused_(*about_);
  }

  void configure_read(caf::io::receive_policy::config how) override {
    if (how.second > basp_bytes_max) {
      about_->failed("a message of " + std::to_string(how.second) + " bytes");
      return about_->cut();
    }
    stream_.configure_read(how);
    if (std::exchange(launched_, true))
      return;
    stream_.start(this);
    // So that TLS gets to write, who has something to say first or not.
    stream_.force_empty_write(this);
  }

  void ack_writes(bool enable) override { stream_.ack_writes(enable); }
  std::vector<char>& wr_buf() override { return stream_.wr_buf(); }
  std::vector<char>& rd_buf() override { return stream_.rd_buf(); }
  void flush() override { stream_.flush(this); }
  std::string addr() const override { return about_->peer().host; }
  std::uint16_t port() const override { return about_->peer().port; }
  void add_to_loop() override { stream_.activate(this); }
  void remove_from_loop() override { stream_.passivate(); }

  void graceful_shutdown() override {
    stream_.graceful_shutdown();
    detach(&stream_.backend(), false);
  }

private:
  const connection_ptr about_;
  const refusal on_refused_;
  bool launched_ = false;
  mpx::stream_impl<tls_policy> stream_;
};

multiplexer& backend(caf::actor_system& system) {
  return static_cast<multiplexer&>(system.middleman().backend());
}

/// Reads the certificates, and begins the handshake.
result<caf::openssl::session_ptr> make_session(caf::actor_system& system,
                                               int fd, end_of_link here) {
  const auto& from = system.config();
  if (auto good = security::check_files(
        {from.openssl_cafile, from.openssl_certificate, from.openssl_key});
      !good)
    return error{errc::no_connection, good.failure().context};
  ERR_clear_error();
  std::string reason;
  try {
    auto made =
      caf::openssl::make_session(system, fd, here == end_of_link::acceptor);
    if (made)
      return made;
  } catch (const std::exception& failed) {
    reason = failed.what();
  }
  auto errors = security::take_openssl_errors();
  return error{errc::no_connection,
               reason.empty() ? errors : reason + ": " + errors};
}

result<caf::io::scribe_ptr> make(caf::actor_system& system, socket_fd fd,
                                 const connection_ptr& about,
                                 refusal on_refused) {
  mpx::nonblocking(fd.get(), true);
  auto session = make_session(system, fd.get(), about->here());
  if (!session) {
    about->failed(session.failure().context);
    if (on_refused)
      on_refused(*about);
    return session.failure();
  }
  return caf::io::scribe_ptr{caf::make_counted<tls_scribe>(
    backend(system), fd.release(), tls_policy{*std::move(session), about},
    about, std::move(on_refused))};
}

class tls_doorman final : public mpx::doorman_impl {
public:
  tls_doorman(multiplexer& on, int fd, connections& all, refusal on_refused)
    : doorman_impl(on, fd), all_(all), on_refused_(std::move(on_refused)) {
    // nop
  }

  bool new_connection() override {
    socket_fd fd{acceptor_.accepted_socket()};
    if (detached())
      return false;
    auto about = all_.add(fd.get(), end_of_link::acceptor);
    if (!about)
      return true;
    auto made = make(parent()->system(), std::move(fd), about, on_refused_);
    if (!made)
      return true;
    auto handle = (*made)->hdl();
    parent()->add_scribe(*std::move(made));
    return doorman::new_connection(&acceptor_.backend(), handle);
  }

private:
  connections& all_;
  const refusal on_refused_;
};

} // namespace

result<caf::io::scribe_ptr> make_scribe(caf::actor_system& system, socket_fd fd,
                                        const connection_ptr& about) {
  return make(system, std::move(fd), about, nullptr);
}

caf::io::doorman_ptr make_doorman(caf::actor_system& system, socket_fd fd,
                                  connections& all, refusal on_refused) {
  return caf::make_counted<tls_doorman>(backend(system), fd.release(), all,
                                        std::move(on_refused));
}

caf::actor basp_broker(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>(
    caf::atom("BASP"));
}

} // namespace iris::cluster
