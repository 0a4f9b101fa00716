// Says something to a user and prints what comes in, until SIGINT or SIGTERM.
#include "clients/cpp/client.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>

using namespace iris;

namespace {

int usage(const std::string& why) {
  std::cerr
    << "cpp_client: " << why << '\n'
    << "usage: IRIS_TOKEN=… cpp_client tcp://127.0.0.1:7300 bob hello\n";
  return 2;
}

int chat(const std::string& url, const std::string& token, const user_id& to,
         const std::string& text) {
  auto status = 0;
  boost::asio::io_context io;
  boost::asio::signal_set end{io, SIGINT, SIGTERM};
  client::options with;
  with.endpoints = {url};
  with.device = *device_id::parse("laptop");
  with.token = [&] { return token; }; // Asked again: tokens are short-lived.
  // Goes on where this device was last.
  with.position = std::nullopt;
  client::client me{
    io, with, [&](const client::event& x) {
      if (const auto* m = std::get_if<client::message>(&x)) {
        if (!m->item.body.empty()) // Others are changes of groups.
          std::cout << m->item.from.str() << ": " << m->item.body << std::endl;
      } else if (const auto* d = std::get_if<client::disconnected>(&x)) {
        // It connects again by itself, and sends what has no answer.
        std::cerr << "disconnected: " << to_string(d->reason) << std::endl;
      } else if (const auto* f = std::get_if<client::failed>(&x)) {
        std::cerr << "not sent: " << to_string(f->why) << std::endl;
      } else if (const auto* s = std::get_if<client::stopped>(&x)) {
        std::cerr << to_string(s->reason) << '\n';
        status = 1;
        end.cancel();
      }
    }};
  end.async_wait([&](auto, int) { me.stop(); });
  me.start();
  if (auto id = me.send(to, text); !id)
    std::cerr << to_string(id.failure()) << '\n';
  io.run();
  return status;
}

} // namespace

int main(int argc, char** argv) {
  const auto* token = std::getenv("IRIS_TOKEN");
  if (argc != 4)
    return usage("expected a URL, a user and a text");
  if (token == nullptr)
    return usage("expected a token in IRIS_TOKEN");
  auto to = user_id::parse(argv[2]);
  if (!to)
    return usage(to_string(to.failure()));
  return chat(argv[1], token, *to, argv[3]);
}
