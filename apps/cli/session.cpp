#include "apps/cli/session.hpp"

#include "apps/cli/remedies.hpp"

namespace iris::cli {

session::session(const console& io, login with, std::string task)
  : console_(io), task_(std::move(task)),
    names_authority_(with.names_authority),
    client_(
      io_, std::move(with.options),
      [this](client::event x) { handle(std::move(x)); }, std::move(with.tls)) {
  // nop
}

void session::end(exit_code code) {
  if (!ended_)
    ended_ = code;
}

void session::fail(const error& why, std::string remedy) {
  if (settled_)
    end(*settled_);
  if (ended_)
    return;
  before_failing_();
  ended_ = console_.fail(because(task_, why, std::move(remedy)));
}

void session::expect_end_within(double seconds, std::string awaited) {
  deadline_.cancel();
  if (seconds <= 0)
    return;
  deadline_.expires_after(
    std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000)});
  deadline_.async_wait(
    [this, awaited = std::move(awaited)](boost::system::error_code cancelled) {
      if (!cancelled)
        give_up(awaited);
    });
}

void session::give_up(const std::string& awaited) {
  auto why = client_.refusal();
  if (!why)
    return fail({errc::timed_out, "expected " + awaited + " in time"});
  why.context += "; that was its last word before --timeout was over";
  fail(why);
}

exit_code session::run() {
  client_.start();
  while (!ended_)
    client::run_until(
      io_, [this] { return ended_.has_value(); }, std::chrono::hours{1});
  client_.stop();
  return *ended_;
}

void session::handle(client::event what) {
  if (ended_)
    return;
  std::visit([this](const auto& x) { look_at(x); }, what);
  // Who has not been connected has lost nothing.
  auto lost = std::holds_alternative<client::disconnected>(what);
  if (!ended_ && handler_ && (was_connected_ || !lost))
    handler_(std::move(what));
}

void session::look_at(const client::connected&) {
  was_connected_ = true;
}

void session::look_at(const client::disconnected& x) {
  if (!was_connected_ && !x.others_left)
    fail({x.reason.code, x.endpoint + ": " + x.reason.context},
         connection_remedy(x.reason, x.endpoint, names_authority_));
}

void session::look_at(const client::stopped& x) {
  if (knows_better_(x.reason))
    end(exit_code_of(x.reason.code));
  else
    fail(x.reason);
}

} // namespace iris::cli
