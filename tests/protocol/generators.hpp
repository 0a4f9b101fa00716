#pragma once

#include "protocol/fields.hpp"

#include <rapidcheck.h>

/// Any valid frame, with values at their limits more often than chance would
/// have them. Walks the table of fields as reader and writer do.
namespace iris::protocol::generators {

class filler {
public:
  template <class T>
  void required(std::string_view, T& to) {
    fill(to, wire::kind_of(to));
  }

  template <class T, class Kind>
  void required(std::string_view, T& to, const Kind& kind) {
    fill(to, kind);
  }

  template <class T>
  void optional(std::string_view, T& to) {
    if (flip())
      fill(to, wire::kind_of(to));
  }

  template <class T>
  void optional(std::string_view, std::optional<T>& to) {
    if (flip())
      fill(to.emplace(), wire::kind_of(*to));
  }

  template <class T, class Kind>
  void optional(std::string_view, T& to, const Kind& kind, const T& = {}) {
    if (flip())
      fill(to, kind);
  }

  void remark(std::string_view, std::string_view) {}
  void ensure(bool, std::string_view, std::string_view, std::string_view) {}

private:
  static bool flip() { return *rc::gen::arbitrary<bool>(); }

  static std::uint64_t between(std::uint64_t min, std::uint64_t max) {
    return *rc::gen::weightedOneOf<std::uint64_t>(
      {{6, rc::gen::inRange<std::uint64_t>(min, max + 1)},
       {1, rc::gen::just(min)},
       {1, rc::gen::just(max)}});
  }

  static std::string bytes(std::size_t size) {
    return *rc::gen::container<std::string>(size, rc::gen::arbitrary<char>());
  }

  static std::string letters(std::size_t size) {
    return *rc::gen::container<std::string>(
      size, rc::gen::elementOf(std::string{"abcXYZ019._-@+"}));
  }

  template <class T>
  void fill(T& to, const wire::integer& kind) {
    wire::integer::assign(between(kind.min, kind.max), to);
  }

  void fill(bool& to, const wire::boolean&) { to = flip(); }

  template <class Tag>
  void fill(uuid<Tag>& to, const wire::uuid_bytes&) {
    to = uuid<Tag>::from_bytes(bytes(to.octets.size()));
  }

  void fill(message_id& to, const wire::uuid7&) {
    fill(to, wire::uuid_bytes{});
    to.octets[6] = (to.octets[6] & 0x0f) | 0x70;
    to.octets[8] = (to.octets[8] & 0x3f) | 0x80;
  }

  template <class Tag>
  void fill(name<Tag>& to, const wire::name_text&) {
    to = *name<Tag>::parse(letters(between(1, name<Tag>::bytes_max)));
  }

  void fill(std::string& to, const wire::text& kind) {
    // Multi-byte characters, at whatever place they fit.
    to = letters(between(kind.bytes_min, std::min(kind.bytes_max, 300U)));
    if (to.size() + 4 <= kind.bytes_max && flip())
      to.insert(to.size() / 2, "\xf0\x9f\x91\x8b");
  }

  void fill(std::string& to, const wire::body&) {
    to = bytes(between(0, 40));
    if (between(0, 9) == 0)
      to.resize(between(250, 260));
    else if (between(0, 19) == 0)
      to.resize(between(65530, limits::body_bytes_max));
  }

  template <class T>
  void fill(T& to, const wire::record&) {
    wire::fields(*this, to);
    repair(to);
  }

  template <class T, class Element>
  void fill(std::vector<T>& to, const wire::list<Element>& kind) {
    to.resize(between(kind.min, std::min(kind.max, 4U)));
    for (auto& x : to)
      fill(x, kind.element);
  }

  void fill(std::vector<user_id>& to, const wire::distinct_names& kind) {
    to.resize(between(kind.min, 20));
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = *user_id::parse(letters(between(1, 60)) + std::to_string(i));
    // A letter-free end could make two of them the same.
    std::sort(to.begin(), to.end());
    to.erase(std::unique(to.begin(), to.end()), to.end());
  }

  template <class T>
  static void repair(T&) {}

  static void repair(hello& x) { x.max = std::max(x.min, x.max); }

  static void repair(send& x) {
    if (x.to)
      x.conversation.reset();
    else if (!x.conversation)
      x.conversation =
        direct_conversation(*user_id::parse("a"), *user_id::parse("b"));
  }

public:
  template <class T>
  T make() {
    T out;
    fill(out, wire::record{});
    return out;
  }
};

template <class T>
rc::Gen<T> any() {
  return rc::gen::exec([] { return filler{}.make<T>(); });
}

template <class... T>
rc::Gen<std::variant<T...>> any_of(std::type_identity<std::variant<T...>>) {
  return rc::gen::oneOf(
    rc::gen::map(any<T>(), [](T x) { return std::variant<T...>{x}; })...);
}

inline rc::Gen<client_frame> any_client_frame() {
  return any_of(std::type_identity<client_frame>{});
}

inline rc::Gen<server_frame> any_server_frame() {
  return any_of(std::type_identity<server_frame>{});
}

} // namespace iris::protocol::generators
