#include "apps/bench/fleet.hpp"

namespace iris::bench {

// -- one member ---------------------------------------------------------------

member::member(fleet& in, user_id who, std::uint32_t index)
  : fleet_(in), who_(std::move(who)), index_(index) {
  // nop
}

member::~member() {
  close();
}

void member::open() {
  link_ =
    std::make_shared<link>(fleet_.reactor_, static_cast<link::user&>(*this));
  const auto& all = fleet_.options_.where;
  link_->open(all[index_ % all.size()]);
}

void member::close() {
  if (link_)
    link_->close();
}

void member::opened() {
  protocol::hello x;
  x.agent = "iris-bench";
  link_->send(x);
}

void member::received(protocol::server_frame frame) {
  std::visit([this](auto& x) { on(x); }, frame);
}

void member::burst_ended() {
  if (acknowledged_ < received_) {
    acknowledged_ = received_;
    link_->send(protocol::ack{acknowledged_});
  }
  fleet_.events_.burst_ended(*this);
}

void member::closed(const error& why) {
  if (greeted_)
    fleet_.fail(*this, why);
  else
    fleet_.fail(why);
}

void member::on(protocol::welcome&) {
  greeted_ = true;
  auto token = fleet_.options_.token(who_);
  if (!token)
    return fleet_.fail(*this, token.failure());
  link_->send(protocol::auth{*std::move(token), *device_id::parse("bench")});
}

void member::on(protocol::ready& x) {
  if (!reads_inbox_)
    return fleet_.ready();
  received_ = acknowledged_ = x.floor;
  link_->send(protocol::sync{x.floor, fleet_.options_.inbox_window});
}

void member::on(protocol::items& x) {
  if (x.first != received_.next())
    return fleet_.fail(
      *this,
      {errc::bad_frame, "offset " + std::to_string(x.first.value)
                          + " came after " + std::to_string(received_.value)});
  received_.value += x.list.size();
  for (const auto& one : x.list)
    fleet_.events_.received(*this, one);
}

void member::on(protocol::live&) {
  fleet_.ready();
}

void member::on(protocol::sent& x) {
  fleet_.events_.sent(*this, x);
}

void member::on(protocol::failed& x) {
  fleet_.fail(*this, {x.code, x.text});
}

void member::on(protocol::ping& x) {
  link_->send(protocol::pong{x.n});
}

void member::on(protocol::goaway& x) {
  fleet_.fail(*this, {errc::draining, "the node stops: " + x.reason});
}

template <class Frame>
void member::on(Frame&) {
  fleet_.fail(*this, {errc::bad_frame, "a frame that nothing asked for"});
}

// -- all of them --------------------------------------------------------------

member& fleet::add(const user_id& who) {
  auto index = static_cast<std::uint32_t>(members_.size());
  members_.push_back(std::make_unique<member>(*this, who, index));
  return *members_.back();
}

void fleet::open(const std::vector<member*>& who, bool reads_inbox) {
  for (auto x : who) {
    x->reads_inbox_ = reads_inbox;
    waiting_.push_back(x);
  }
  open_more();
}

void fleet::open_more() {
  while (opening_ < options_.opening_max && !waiting_.empty()) {
    ++opening_;
    waiting_.front()->open();
    waiting_.pop_front();
  }
}

void fleet::ready() {
  --opening_;
  open_more();
}

void fleet::fail(const member& who, const error& why) {
  fail({why.code, who.who().str() + ": " + why.context});
}

void fleet::fail(const error& why) {
  if (!failure_)
    failure_ = why;
}

std::string fleet::progress(const char* awaited) const {
  auto out = std::string{"waiting for "} + awaited;
  if (opening() > 0)
    out += ", " + std::to_string(opening()) + " of "
           + std::to_string(members_.size()) + " to go";
  auto more = events_.progress();
  return more.empty() ? out : out + "; " + more;
}

result<void> fleet::wait(const std::function<bool()>& done,
                         std::chrono::nanoseconds at_most, const char* what) {
  reactor_.now_doing([this, what] { return progress(what); });
  auto finished =
    reactor_.run_until([&] { return failure_.has_value() || done(); }, at_most);
  reactor_.now_doing({});
  if (failure_)
    return *failure_;
  if (!finished)
    return error{errc::timed_out,
                 std::string{"expected "} + what + " within "
                   + std::to_string(at_most / std::chrono::seconds{1}) + " s"};
  return {};
}

} // namespace iris::bench
