#include "apps/bench/checker.hpp"

namespace iris::bench {

namespace {

/// More than this at once is not a gap but a wrong number.
constexpr std::uint64_t gap_max = 1'000'000;

} // namespace

std::optional<body> stream_checker::receive(std::string_view bytes,
                                            std::uint64_t sequence) {
  auto out = read_body(bytes);
  if (!out) {
    ++found_.corrupt;
    return std::nullopt;
  }
  if (out->sender != sender_ || out->number != sequence || out->number == 0
      || out->number >= next_ + gap_max) {
    ++found_.misplaced;
    return std::nullopt;
  }
  count(out->number);
  return out;
}

void stream_checker::count(std::uint64_t number) {
  if (number >= next_) {
    while (next_ < number)
      missing_.insert(missing_.end(), next_++);
    ++next_;
  } else if (missing_.erase(number) > 0) {
    ++found_.reordered;
  } else {
    ++found_.duplicated;
  }
}

faults stream_checker::finish(std::uint64_t sent) const noexcept {
  auto out = found_;
  out.lost = missing_.size();
  if (sent >= next_)
    out.lost += sent - (next_ - 1);
  else
    out.misplaced += next_ - 1 - sent;
  return out;
}

faults operator+(const faults& a, const faults& b) noexcept {
  return {a.lost + b.lost, a.duplicated + b.duplicated,
          a.reordered + b.reordered, a.corrupt + b.corrupt,
          a.misplaced + b.misplaced};
}

} // namespace iris::bench
