#include "apps/cli/submission.hpp"

#include "apps/cli/errand.hpp"
#include "apps/cli/json.hpp"

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
  errand out;
  out.task = what.task;
  out.awaited = "the node to say that it is durable";
  out.ask = [&](client::client& by) { return outcome_of(what.submit(by)); };
  out.heed = [&](const client::event& x, client::client&) -> result<bool> {
    auto sent = std::get_if<protocol::sent>(&x);
    if (sent != nullptr)
      io.out << (io.json ? json_of(*sent) : what.text(*sent)) << std::endl;
    return sent != nullptr;
  };
  out.remedy = what.remedy;
  return run(out, as, io);
}

} // namespace iris::cli
