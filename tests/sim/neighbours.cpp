#include "tests/sim/neighbours.hpp"

#include <algorithm>

namespace iris::sim {

using namespace std::chrono_literals;

namespace {

std::string body_of(const std::string& name, std::size_t n) {
  return name + " says " + std::to_string(n);
}

std::chrono::milliseconds quantile(std::vector<std::chrono::nanoseconds> of,
                                   unsigned percent) {
  if (of.empty())
    return {};
  std::sort(of.begin(), of.end());
  return std::chrono::duration_cast<std::chrono::milliseconds>(
    of[(of.size() - 1) * percent / 100]);
}

} // namespace

neighbours::neighbours(one_node& at, options with) : at_(at), with_(with) {
  for (int i = 0; i < with.pairs; ++i) {
    auto name = "neighbour-" + std::to_string(i);
    pairs_.push_back(std::make_unique<pair>(
      pair{name, {{at.here, at.node}}, {{at.here, at.node}}, {}, {}}));
    pairs_.back()->writer.client.log_in(name, "phone");
    pairs_.back()->reader.client.log_in(name + "-friend", "phone");
  }
}

void neighbours::step() {
  // Not all at the same moment.
  auto every = static_cast<std::uint64_t>(with_.every.count());
  auto apart = every / pairs_.size();
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    if (writing_ && (steps_ + i * apart) % every == 0)
      write(*pairs_[i]);
  ++steps_;
  at_.here.run(1ms);
  for (auto& x : pairs_) {
    look(*x, x->writer, false);
    look(*x, x->reader, true);
  }
}

void neighbours::run(std::chrono::milliseconds duration) {
  for (auto i = 0ms; i < duration; ++i)
    step();
}

void neighbours::finish() {
  writing_ = false;
  for (auto left = 20'000; left > 0 && !settled(); --left)
    step();
  for (const auto& x : pairs_)
    if (x->answers != x->ids.size() || x->arrived != x->ids.size())
      problems_.push_back(x->name + " sent " + std::to_string(x->ids.size())
                          + ", answered are " + std::to_string(x->answers)
                          + ", arrived are " + std::to_string(x->arrived));
}

bool neighbours::settled() const {
  return std::all_of(pairs_.begin(), pairs_.end(), [](const auto& x) {
    return x->answers == x->ids.size() && x->arrived == x->ids.size();
  });
}

void neighbours::write(pair& x) {
  auto id = at_.new_id();
  x.writer.client.send(protocol::send{
    id, user(x.name + "-friend"), {}, body_of(x.name, x.ids.size()), {}, {}});
  x.ids.push_back(id);
  x.sent_at.push_back(at_.here.steady_now());
}

void neighbours::look(pair& x, end& at, bool reads) {
  const auto& frames = at.client.frames();
  for (; at.looked_at < frames.size(); ++at.looked_at) {
    const auto& frame = frames[at.looked_at];
    if (const auto* page = std::get_if<protocol::items>(&frame)) {
      if (reads)
        for (const auto& one : page->list)
          on(x, one);
      at.client.send(
        protocol::ack{inbox_offset{page->first.value + page->list.size() - 1}});
    } else if (const auto* sent = std::get_if<protocol::sent>(&frame)) {
      on(x, *sent);
    } else if (const auto* failed = std::get_if<protocol::failed>(&frame)) {
      problems_.push_back(x.name + " was refused: " + failed->text);
    }
  }
  if (at.client.closed())
    problems_.push_back(x.name + " was disconnected");
}

void neighbours::on(pair& x, const protocol::sent& what) {
  if (x.answers >= x.ids.size() || what.id != x.ids[x.answers] || what.duplicate
      || what.seq.value != x.answers + 1)
    return problems_.push_back(x.name + ": wrong answer to "
                               + std::to_string(x.answers));
  answered_.push_back(at_.here.steady_now() - x.sent_at[x.answers++]);
}

void neighbours::on(pair& x, const protocol::item& what) {
  if (x.arrived >= x.ids.size() || what.id != x.ids[x.arrived]
      || what.body != body_of(x.name, x.arrived))
    return problems_.push_back(x.name + ": got '" + what.body + "' instead of "
                               + std::to_string(x.arrived));
  delivered_.push_back(at_.here.steady_now() - x.sent_at[x.arrived++]);
}

std::chrono::milliseconds neighbours::delivered(unsigned percent) const {
  return quantile(delivered_, percent);
}

std::chrono::milliseconds neighbours::answered(unsigned percent) const {
  return quantile(answered_, percent);
}

} // namespace iris::sim
