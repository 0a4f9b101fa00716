#include "protocol/reader.hpp"

namespace iris::protocol::wire {

std::string place::str() const {
  if (outer == nullptr)
    return std::string{name};
  if (name.empty())
    return outer->str() + "[" + std::to_string(index) + "]";
  return outer->str() + "." + std::string{name};
}

bool has_twin(const std::vector<user_id>& names) {
  std::vector<std::string_view> sorted;
  sorted.reserve(names.size());
  for (const auto& x : names)
    sorted.push_back(x.str());
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

const node* reader::find(std::string_view key) noexcept {
  if (left_ == 0)
    return nullptr;
  if (next_ == end_)
    next_ = first_;
  for (const auto* stop = next_;;) {
    const auto* value = next_ + 1;
    bool found = next_->text() == key;
    next_ = value->behind();
    if (found) {
      --left_;
      return value;
    }
    if (next_ == end_)
      next_ = first_;
    if (next_ == stop)
      return nullptr;
  }
}

void reader::finish() {
  // No key is left over when each field took one: no key was there twice.
  if (failure_ || left_ == 0)
    return;
  for (const auto* a = first_; a != end_; a = (a + 1)->behind())
    for (const auto* b = (a + 1)->behind(); b != end_; b = (b + 1)->behind())
      if (a->text() == b->text())
        return fail(here_, errc::bad_field, "each key once",
                    "one of them twice");
}

void reader::take(const place& at, const node& from, std::vector<user_id>& to,
                  const distinct_names& kind) {
  take<user_id, name_text>(at, from, to, kind);
  if (!failure_ && has_twin(to))
    fail(at, errc::bad_field, "each name once", "one of them twice");
}

void reader::refuse(const place& at, const node& from,
                    const std::string& expected, const verdict& why) {
  auto found = why.found.empty() ? describe(from) : std::string{why.found};
  fail(at, why.code, expected, found);
}

void reader::fail(const place& at, errc code, const std::string& expected,
                  std::string_view found) {
  failure_ = {code, at.str() + ": expected " + expected + ", found "
                      + std::string{found}};
}

} // namespace iris::protocol::wire
