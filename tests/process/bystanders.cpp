#include "tests/process/bystanders.hpp"

#include "tests/process/looks.hpp"

#include <algorithm>
#include <stdexcept>

namespace iris::process {

namespace {

std::string label(const user_id& of) {
  return of.str() + "/phone";
}

} // namespace

bystanders::bystanders(real_node& node) {
  for (std::size_t i = 0; i < count; ++i)
    add(i, node);
}

void bystanders::add(std::size_t i, real_node& node) {
  auto& who = *all_.emplace_back(std::make_unique<person>());
  who.user = *user_id::parse("user" + std::to_string(i));
  client::options with;
  with.endpoints = {node.url(transports[i % transports.size()])};
  with.device = *device_id::parse("phone");
  with.token = [&node, user = who.user] { return node.token(user); };
  who.connection = std::make_unique<client::client>(
    io_, with, [this, &who](const client::event& x) { note(who, x); },
    node.trust());
}

void bystanders::begin() {
  for (auto& x : all_)
    x->connection->start();
  run_until(
    [this] {
      return std::all_of(all_.begin(), all_.end(),
                         [](auto& x) { return x->live; });
    },
    "all to connect");
  began_ = true;
}

void bystanders::exchange() {
  ++rounds_;
  for (std::size_t i = 0; i < count; ++i) {
    auto& who = *all_[i];
    const auto& to = other_of(i).user;
    wrote_at_[who.user] = now();
    auto sent = who.connection->send(to, body(who, rounds_));
    if (!sent)
      throw std::runtime_error(to_string(sent.failure()));
    history_.submitted(label(who.user), *sent, "to " + to.str(),
                       body(who, rounds_));
  }
  run_until(
    [this] {
      return std::all_of(all_.begin(), all_.end(), [this](auto& x) {
        return x->own.size() >= rounds_ && x->from_other.size() >= rounds_
               && x->answers >= rounds_;
      });
    },
    "all messages");
}

std::vector<std::string> bystanders::problems() const {
  auto out = history_.judge();
  auto expect = [&](const person& at, const person& from, const auto& found) {
    std::vector<std::string> wanted;
    for (std::size_t i = 1; i <= rounds_; ++i)
      wanted.push_back(body(from, i));
    if (found != wanted)
      out.push_back(at.user.str() + " has other messages of " + from.user.str()
                    + " than were written");
  };
  for (std::size_t i = 0; i < count; ++i) {
    const auto& who = *all_[i];
    expect(who, who, who.own);
    expect(who, *all_[i ^ 1], who.from_other);
    if (who.answers != rounds_)
      out.push_back(who.user.str() + " has answers too many");
    for (const auto& x : who.losses)
      out.push_back(who.user.str() + ": " + x);
  }
  return out;
}

void bystanders::run_until(const std::function<bool()>& done,
                           const char* what) {
  if (!client::run_until(io_, done, enough))
    throw std::runtime_error(std::string{"the bystanders expected "} + what);
}

void bystanders::note(person& who, const client::event& what) {
  if (const auto* x = std::get_if<client::message>(&what)) {
    history_.received(label(who.user), x->offset, x->item);
    if (x->item.from == who.user) {
      who.own.push_back(x->item.body);
    } else {
      who.from_other.push_back(x->item.body);
      delays_.push_back(now() - wrote_at_.at(x->item.from));
    }
  } else if (const auto* s = std::get_if<protocol::sent>(&what)) {
    history_.answered(label(who.user), *s);
    ++who.answers;
  } else if (std::holds_alternative<protocol::live>(what)) {
    who.live = true;
  } else if (const auto* d = std::get_if<client::disconnected>(&what)) {
    if (began_)
      who.losses.push_back("lost the connection: " + to_string(d->reason));
  } else if (std::holds_alternative<client::connected>(what)) {
    if (began_)
      who.losses.push_back("connected again");
  } else if (!std::holds_alternative<client::delayed>(what)) {
    who.losses.push_back("got what it did not expect");
  }
}

std::string bystanders::body(const person& from, std::size_t round) {
  return std::to_string(round) + " from " + from.user.str();
}

} // namespace iris::process
