#include "tests/edge/stage.hpp"

#include "edge/stream_wire.hpp"
#include "protocol/framer.hpp"

#include <boost/asio/write.hpp>

namespace iris::edge::test {

namespace {

using namespace std::chrono_literals;
using error_code = boost::system::error_code;

constexpr auto patience = 30s;

observability::log_options direct_log() {
  observability::log_options out;
  out.queue_lines = 0;
  return out;
}

result<actors::credentials> verify(std::string_view token, timestamp now) {
  auto who = user_id::parse(token);
  if (!who)
    return who.failure();
  return actors::credentials{*who, std::nullopt, {now.ms + 3'600'000}};
}

std::string describe_failure(const protocol::failed& x) {
  std::string out{"error "};
  out += to_string(x.code);
  if (x.id)
    out += " id " + x.id->str();
  if (x.n)
    out += " n " + std::to_string(*x.n);
  return out + (x.fatal ? " fatal" : "");
}

/// Stands for a shard that answers nobody.
struct silent_shard : supervision::bounded<caf::event_based_actor> {
  explicit silent_shard(caf::actor_config& config) : bounded(config) {
    set_default_handler(caf::drop);
  }
  caf::behavior make_behavior() override {
    return {[](const actors::tick&) {}};
  }
  void bounce(caf::mailbox_element&) override {}
  bool control(const caf::type_erased_tuple&) const noexcept override {
    return true;
  }
};

} // namespace

stage::stage(std::uint32_t connections_per_user)
  : users_(connections_per_user),
    log_(direct_log(), std::make_shared<observability::memory_sink>(),
         system_clock()),
    env{system_clock(), routes_,      users_, metrics, log_, {}, {},
        1024,           storage_full_} {
  config_.set("scheduler.max-threads", size_t{1});
  system_ = std::make_unique<caf::actor_system>(config_);
  home = std::make_unique<io_thread>(*system_);
  routes_.update({0}, caf::actor_cast<actors::shard_actor>(
                        supervision::spawn_on<silent_shard>(*home)));
  options.node = {1};
  options.session.verify = verify;
}

stage::~stage() {
  caf::anon_send_exit(routes_.at({0}), caf::exit_reason::kill);
  routes_.update({0}, {});
  // The actors' references are on their sockets, which end with this.
  home->io().poll();
  home.reset();
}

void stage::until(const std::function<bool()>& done, const char* what) {
  auto& io = home->io();
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    io.restart();
    io.run_one_until(deadline);
    if (std::chrono::steady_clock::now() >= deadline)
      FAIL("no end of waiting for " << std::string{what});
  }
}

void stage::settle() {
  home->io().restart();
  home->io().poll();
}

std::vector<std::string> stage::fill(actors::wire& to, std::size_t bound) {
  std::vector<std::string> sent;
  for (bool stuck = false; !stuck;) {
    for (stuck = true; to.queued() < bound; stuck = false) {
      auto reason = std::to_string(sent.size());
      reason.resize(1001, 'x'); // No frame ends where a write does.
      sent.push_back(encoded(protocol::goaway{reason, 0}));
      to.send(sent.back());
    }
    settle();
  }
  return sent;
}

void stage::skip(std::chrono::milliseconds time) {
  settle();
  // Timers fire at whole milliseconds.
  home->run_due(io_thread::moment::clock::now() + time
                + std::chrono::milliseconds{1});
  settle();
}

std::pair<tcp_socket, tcp::socket> stage::connect() {
  auto& io = home->io();
  tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
  tcp::socket client{io};
  client.connect(acceptor.local_endpoint());
  tcp_socket server{io};
  acceptor.accept(server);
  client.set_option(tcp::no_delay(true));
  return {std::move(server), std::move(client)};
}

probe::behavior_type probe::make_behavior() {
  return {
    [this](actors::inbound& x) { note(x); },
    [](actors::submitted&) {},
    [](actors::inbox_page&) {},
    [this](actors::output_drained&) { notes_->seen.push_back("drained"); },
    [](actors::answered&) {},
    [](actors::attached&) {},
    [](actors::cut_off&) {},
    [](actors::detached&) {},
    [](actors::lost&) {},
    [](actors::shard_compared&) {},
    [](actors::drain&) {},
    [this](actors::disconnected&) {
      notes_->seen.push_back("disconnected");
      wire_.reset();
      quit(caf::exit_reason::user_shutdown);
    },
    [](actors::tick&) {},
  };
}

void probe::note(const actors::inbound& what) {
  for (const auto& x : what.frames) {
    if (auto* failure = std::get_if<protocol::failed>(&x)) {
      notes_->seen.push_back(describe_failure(*failure) + ": " + failure->text);
      continue;
    }
    const auto& frame = std::get<protocol::client_frame>(x);
    std::string line{protocol::type_name(frame)};
    if (auto* ping = std::get_if<protocol::ping>(&frame))
      line += " " + std::to_string(ping->n);
    if (auto* send = std::get_if<protocol::send>(&frame))
      line += " " + std::to_string(send->body.size());
    notes_->seen.push_back(std::move(line));
  }
  if (notes_->resumes)
    wire_->resume();
}

void tcp_end::read() {
  socket_.async_read_some(
    boost::asio::buffer(buffer_),
    [self = shared_from_this()](error_code failed, std::size_t n) {
      self->got.append(self->buffer_, 0, n);
      self->pieces += n > 0;
      self->ended = static_cast<bool>(failed);
      if (!failed && self->reading)
        self->read();
    });
}

void tcp_end::send(std::string_view bytes) {
  auto kept = std::make_shared<std::string>(bytes);
  boost::asio::async_write(
    socket_, boost::asio::buffer(*kept),
    [self = shared_from_this(), kept](error_code, std::size_t) {});
}

tcp_pair::tcp_pair(stage& at) : at_(at) {
  auto ends = at.connect();
  auto made = std::make_shared<stream_wire<net::plain_stream>>(
    *at.home, std::move(ends.first), at.env, [this] { ++closed; });
  wire = made;
  start_ = [made](actors::connection_actor owner, std::size_t bytes) {
    made->start(std::move(owner), bytes);
  };
  client = std::make_shared<tcp_end>(std::move(ends.second));
}

tcp_pair::~tcp_pair() {
  client->reading = false;
  client->socket().close();
  if (start_ || closed > 0)
    return;
  wire->close();
  at_.until([this] { return closed > 0; }, "the node's end");
  at_.settle();
}

actors::connection_actor tcp_pair::serve() {
  client->read();
  auto options =
    std::make_shared<const actors::connection_options>(at_.options);
  auto out = supervision::spawn_on<actors::connection>(*at_.home, wire, options,
                                                       at_.env);
  start_(out, options->output_bytes_max);
  start_ = nullptr;
  return out;
}

void tcp_pair::watch(std::size_t output_bytes_max) {
  if (client->reading)
    client->read();
  wire->logged_in();
  start_(supervision::spawn_on<probe>(*at_.home, wire, notes),
         output_bytes_max);
  start_ = nullptr;
}

void tcp_pair::log_in() {
  auto owner = serve();
  client->send(framed(protocol::hello{})
               + framed(protocol::auth{"alice", *device_id::parse("phone")})
               + framed(protocol::ping{1}));
  at_.until([this] { return has("pong 1"); }, "the login");
  caf::anon_send(owner, actors::attached{{}, {0}, {0}, {0}, 1});
  at_.until([this] { return has("ready"); }, "ready");
  client->got.clear();
}

bool tcp_pair::has(const std::string& what) const {
  auto found = false;
  protocol::framer framer;
  auto fed = framer.feed(client->got, [&](std::string_view frame) {
    found = found || describe(*protocol::decode_server(frame)) == what;
    return true;
  });
  REQUIRE(fed);
  return found;
}

lines tcp_pair::take() {
  lines out;
  for (const auto& x : frames_in(std::exchange(client->got, {})))
    out.push_back(describe(x));
  return out;
}

std::string framed(const protocol::client_frame& frame) {
  std::string out;
  protocol::encode_framed(frame, out);
  return out;
}

std::string framed(std::string_view frame) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(frame.size() >> shift));
  return out.append(frame);
}

std::string padded_ping(std::uint64_t n, std::size_t frame_bytes) {
  std::string out;
  protocol::encode(protocol::client_frame{protocol::ping{n}}, out);
  out[0] = static_cast<char>(out[0] + 1);
  auto filler = frame_bytes - out.size() - 7;
  out += "\xa1x\xdb"; // key "x", a string with a length of 4 bytes
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(filler >> shift));
  out.append(filler, 'x');
  REQUIRE(out.size() == frame_bytes);
  return out;
}

std::string encoded(const protocol::server_frame& frame) {
  std::string out;
  protocol::encode(frame, out);
  return out;
}

std::vector<protocol::server_frame> frames_in(const std::string& stream) {
  std::vector<protocol::server_frame> out;
  protocol::framer framer;
  auto fed = framer.feed(stream, [&](std::string_view frame) {
    auto decoded = protocol::decode_server(frame);
    REQUIRE(decoded);
    out.push_back(std::move(*decoded));
    return true;
  });
  REQUIRE(fed);
  REQUIRE(framer.pending() == 0);
  return out;
}

std::string describe(const protocol::server_frame& frame) {
  if (auto* failure = std::get_if<protocol::failed>(&frame))
    return describe_failure(*failure);
  std::string out{protocol::type_name(frame)};
  if (auto* pong = std::get_if<protocol::pong>(&frame))
    out += " " + std::to_string(pong->n);
  if (auto* away = std::get_if<protocol::goaway>(&frame))
    for (const auto& x : away->nodes)
      out += " " + x;
  return out;
}

protocol::send message(std::uint64_t number, std::size_t bytes) {
  protocol::send out;
  std::array<std::uint8_t, 16> id{0x01, 0x90, 0, 0, 0, 0, 0x70, 0, 0x80};
  for (std::size_t i = 0; i < 6; ++i)
    id[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  std::string body(bytes, 'x');
  out.id = message_id{id};
  out.to = *user_id::parse("bob");
  out.body = std::move(body);
  return out;
}

} // namespace iris::edge::test
