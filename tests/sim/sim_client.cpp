#include "tests/sim/sim_client.hpp"

#include "protocol/codec.hpp"

namespace iris::sim {

namespace {

using namespace std::chrono_literals;

client::options options_of(const user_id& user, const device_id& device,
                           std::size_t nodes) {
  client::options out;
  for (std::size_t i = 0; i < nodes; ++i)
    out.endpoints.push_back(std::to_string(i));
  out.device = device;
  out.token = [user] { return "token of " + user.str(); };
  out.inbox_window = 64;
  return out;
}

} // namespace

sim_client::sim_client(world& in, std::vector<sim_node*> nodes,
                       const std::string& user, const std::string& device,
                       std::function<void(client::event)> on_event)
  : world_(in), nodes_(std::move(nodes)), user_(*user_id::parse(user)),
    device_(*device_id::parse(device)), on_event_(std::move(on_event)) {
  make_core(inbox_offset{0});
}

void sim_client::make_core(std::optional<inbox_offset> position) {
  auto with = options_of(user_, device_, nodes_.size());
  with.position = position;
  core_ = std::make_unique<client::core>(std::move(with), *this,
                                         random_source{world_.random().next()});
}

void sim_client::restart(std::optional<inbox_offset> position) {
  core_->stop();
  make_core(position);
  start();
}

void sim_client::start() {
  core_->start(world_.steady_now(), world_.wall_now());
  arm();
}

void sim_client::cut() {
  if (link_)
    link_->cut();
}

void sim_client::stall(bool yes) {
  if (link_)
    link_->client_stalls(yes);
}

void sim_client::connect(const std::string& endpoint) {
  framer_ = std::make_unique<protocol::framer>();
  out_.clear();
  auto guard = std::weak_ptr<bool>{alive_};
  link::client_end end;
  // A link that was given up must not be heard any more.
  auto mine = std::make_shared<std::weak_ptr<link>>();
  end.received = [this, guard, mine](std::string_view bytes) {
    if (guard.lock() && link_ && link_ == mine->lock())
      received(bytes);
  };
  end.closed = [this, guard, mine] {
    if (!guard.lock() || !link_ || link_ != mine->lock())
      return;
    link_ = nullptr;
    core_->link_down({errc::no_connection, "cut"}, world_.steady_now());
    arm();
  };
  auto* node = nodes_.at(std::stoul(endpoint));
  node_ = node;
  link_ = node->connect(std::move(end));
  if (link_)
    *mine = link_;
  world_.after(1ms, [this, guard, to = link_] {
    if (!guard.lock() || link_ != to)
      return;
    if (link_)
      core_->link_up(world_.steady_now());
    else
      core_->link_down({errc::no_connection, "refused"}, world_.steady_now());
    flush();
  });
}

void sim_client::write(const protocol::client_frame& frame) {
  protocol::encode_framed(frame, out_);
}

void sim_client::close() {
  if (auto open = std::exchange(link_, nullptr))
    open->client_close();
}

void sim_client::handle(client::event what) {
  on_event_(std::move(what));
}

void sim_client::received(std::string_view bytes) {
  auto fed = framer_->feed(bytes, [this](std::string_view frame) {
    core_->receive(frame, world_.steady_now());
    return link_ != nullptr;
  });
  if (!fed)
    throw std::runtime_error("the node sent a broken stream");
  core_->flush(world_.steady_now());
  flush();
}

void sim_client::flush() {
  if (link_ && !out_.empty())
    link_->client_send(std::exchange(out_, {}));
  arm();
}

void sim_client::arm() {
  auto next = core_->next_deadline();
  auto now = world_.steady_now();
  if (next == std::chrono::nanoseconds::max()
      || (armed_ > now && armed_ <= next))
    return;
  armed_ = std::max(next, now + 1us);
  world_.after(armed_ - now, [this, guard = std::weak_ptr<bool>{alive_}] {
    if (!guard.lock())
      return;
    core_->tick(world_.steady_now());
    flush();
  });
}

} // namespace iris::sim
