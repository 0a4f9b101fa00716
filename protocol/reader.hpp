#pragma once

#include "protocol/kinds.hpp"

namespace iris::protocol::wire {

/// Where a value is, for the text of an error: "batch.sends[3].id". Lives on
/// the stack of those who read.
struct place {
  const place* outer = nullptr;
  std::string_view name;
  std::size_t index = 0;

  std::string str() const;
};

/// Whether `names` has one twice.
bool has_twin(const std::vector<user_id>& names);

/// Takes the fields of one map by name, in any order; fastest in the order in
/// which the writer has them. Stops at the first error, which it stores.
class reader {
public:
  /// All of them must outlive the reader. Precondition: `map` is a map, whose
  /// keys are strings.
  reader(const node& map, const place& here, error& failure) noexcept
    : here_(here), failure_(failure), first_(&map + 1), end_(map.behind()),
      next_(first_), left_(map.number) {}

  template <class T>
  void required(std::string_view key, T& to) {
    required(key, to, kind_of(to));
  }

  template <class T, class Kind>
  void required(std::string_view key, T& to, const Kind& kind) {
    if (failure_)
      return;
    if (auto from = find(key))
      take({&here_, key}, *from, to, kind);
    else
      fail({&here_, key}, errc::bad_field, kind.expected(), "nothing");
  }

  template <class T>
  void optional(std::string_view key, T& to) {
    optional(key, to, kind_of(to));
  }

  template <class T>
  void optional(std::string_view key, std::optional<T>& to) {
    if (failure_)
      return;
    if (auto from = find(key))
      take({&here_, key}, *from, to.emplace(), kind_of(*to));
  }

  /// An absent field leaves `to` as its struct initialised it.
  template <class T, class Kind>
  void optional(std::string_view key, T& to, const Kind& kind, const T& = {}) {
    if (failure_)
      return;
    if (auto from = find(key))
      take({&here_, key}, *from, to, kind);
  }

  /// Written for people, and not read.
  void remark(std::string_view key, std::string_view) { find(key); }

  /// What a field can't tell alone. `key` may be empty: the map as a whole.
  void ensure(bool met, std::string_view key, std::string_view expected,
              std::string_view found) {
    if (!failure_ && !met)
      fail(key.empty() ? here_ : place{&here_, key}, errc::bad_field,
           std::string{expected}, found);
  }

  /// To be called when all fields were taken.
  void finish();

  const node* find(std::string_view key) noexcept;

private:
  template <class T, class Kind>
  void take(const place& at, const node& from, T& to, const Kind& kind) {
    auto verdict = kind.take(from, to);
    if (verdict.code != errc::none)
      refuse(at, from, kind.expected(), verdict);
  }

  template <class T>
  void take(const place& at, const node& from, T& to, const record&) {
    if (from.what != node::type::map)
      return refuse(at, from, "a map", refused);
    reader inner{from, at, failure_};
    fields(inner, to);
    inner.finish();
  }

  template <class T, class Element>
  void take(const place& at, const node& from, std::vector<T>& to,
            const list<Element>& kind) {
    if (from.what != node::type::array || from.number < kind.min
        || from.number > kind.max)
      return refuse(at, from, kind.expected(), refused);
    const auto* element = &from + 1;
    for (std::size_t i = 0; i < from.number && !failure_; ++i) {
      take({&at, {}, i}, *element, to.emplace_back(), kind.element);
      element = element->behind();
    }
  }

  void take(const place& at, const node& from, std::vector<user_id>& to,
            const distinct_names& kind);

  void refuse(const place& at, const node& from, const std::string& expected,
              const verdict& why);
  void fail(const place& at, errc code, const std::string& expected,
            std::string_view found);

  const place& here_;
  error& failure_;
  const node* first_;
  const node* end_;
  const node* next_;
  std::uint64_t left_;
};

} // namespace iris::protocol::wire
