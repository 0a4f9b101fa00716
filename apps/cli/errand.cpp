#include "apps/cli/errand.hpp"

#include "apps/cli/local_key.hpp"
#include "apps/cli/session.hpp"

namespace iris::cli {

namespace {

/// How long a device may take to go.
constexpr double leaving_s = 5;

/// What the node refused, or null.
const error* refusal_in(const client::event& x) {
  if (auto request = std::get_if<client::refused>(&x))
    return &request->why;
  if (auto message = std::get_if<client::failed>(&x))
    return &message->why;
  return nullptr;
}

class errand_session {
public:
  /// `passing`: its device is removed when it goes.
  errand_session(const errand& what, const console& io, login with,
                 bool passing)
    : what_(what), device_(with.options.device), passing_(passing),
      session_(io, std::move(with), what.task) {
    session_.on_event([this](const client::event& x) { handle(x); });
    session_.on_refusal([this](const error& why) {
      no_place_ =
        passing_ && what_.stand_in && why.code == errc::too_many_devices;
      return no_place_;
    });
  }

  exit_code run(double seconds) {
    session_.expect_end_within(seconds, what_.awaited);
    return session_.run();
  }

  /// It ended without a word: the user has as many devices as he may.
  bool found_no_place() const noexcept { return no_place_; }

private:
  void handle(const client::event& x) {
    if (leaving_)
      return heed_leaving(x);
    auto over = what_.heed(x, session_.node());
    if (auto why = refusal_in(x); over && why && !what_.tolerates(*why))
      over = *why;
    if (std::holds_alternative<client::connected>(x)
        && !std::exchange(asked_, true))
      if (auto ok = what_.ask(session_.node()); !ok)
        over = ok.failure();
    if (!over)
      leave(session_.terminal().fail(
        because(what_.task, over.failure(), what_.remedy(over.failure()))));
    else if (*over)
      leave(exit_code::ok);
  }

  void leave(exit_code outcome) {
    leaving_ = true;
    session_.settle(outcome);
    if (!passing_)
      return session_.end(outcome);
    session_.expect_end_within(leaving_s, "the device to be removed");
    auto asked = session_.node().remove_device(device_);
    if (!asked)
      return session_.end(outcome);
    removal_ = *asked;
    outcome_ = outcome;
  }

  void heed_leaving(const client::event& x) {
    auto removed = std::get_if<protocol::done>(&x);
    auto refused = std::get_if<client::refused>(&x);
    if ((removed && removed->n == removal_)
        || (refused && refused->n == removal_))
      session_.end(outcome_);
  }

  const errand& what_;
  const device_id device_;
  const bool passing_;
  session session_;
  bool asked_ = false;
  bool leaving_ = false;
  bool no_place_ = false;
  std::uint64_t removal_ = 0;
  exit_code outcome_ = exit_code::ok;
};

} // namespace

exit_code run(const errand& what, const login_options& as, const console& io) {
  auto with = prepare(as);
  if (!with)
    return io.fail(
      because(what.task, with.failure(), key_remedy(with.failure())));
  with->options.auto_ack = false;
  with->options.inbox_window = 1;
  errand_session first{what, io, *with, as.made_up_device()};
  auto outcome = first.run(as.timeout_s);
  if (!first.found_no_place())
    return outcome;
  with->options.device = *what.stand_in;
  return errand_session{what, io, *std::move(with), false}.run(as.timeout_s);
}

} // namespace iris::cli
