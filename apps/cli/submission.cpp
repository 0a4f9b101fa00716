#include "apps/cli/submission.hpp"

#include "apps/cli/json.hpp"
#include "apps/cli/local_key.hpp"
#include "apps/cli/session.hpp"

namespace iris::cli {

namespace {

std::string json_of(const protocol::sent& x) {
  return to_line({{"message", x.id.str()},
                  {"conversation", x.conversation.str()},
                  {"sequence", x.seq.value},
                  {"at_ms", x.at.ms},
                  {"duplicate", x.duplicate}});
}

} // namespace

exit_code run(const submission& what, const login_options& as,
              const console& io) {
  auto with = prepare(as);
  if (!with)
    return io.fail(
      because(what.task, with.failure(), key_remedy(with.failure())));
  // Its inbox is not what it came for.
  with->options.auto_ack = false;
  with->options.inbox_window = 1;
  session here{io, *std::move(with), what.task};
  here.on_event([&, submitted = false](const client::event& x) mutable {
    if (std::holds_alternative<client::connected>(x)) {
      if (std::exchange(submitted, true))
        return;
      if (auto taken = what.submit(here.node()); !taken)
        here.fail(taken.failure());
    } else if (auto sent = std::get_if<protocol::sent>(&x)) {
      io.out << (io.json ? json_of(*sent) : what.text(*sent)) << std::endl;
      here.end(exit_code::ok);
    } else if (auto refused = std::get_if<client::failed>(&x)) {
      here.fail(refused->why, what.remedy(refused->why));
    }
  });
  here.expect_end_within(as.timeout_s, "the node to say that it is durable");
  return here.run();
}

} // namespace iris::cli
