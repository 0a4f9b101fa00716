#pragma once

#include "config/document.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace iris::config {

/// What an option's member holds, whichever its own type is: integers, sizes
/// and enumerators are all uint64, paths are strings.
using value = std::variant<bool, std::uint64_t, std::chrono::milliseconds,
                           std::string, endpoint, std::vector<std::string>>;

// The types of options: each says its default and what it accepts.

struct flag {
  bool fallback = false;
};

struct integer {
  std::uint64_t fallback = 0;
  std::uint64_t least = 0;
  /// At most 2^63-1, which is where TOML's integers end.
  std::uint64_t most = 0;
  std::string_view unit;
  /// What 0 means where it is accepted besides the range; else empty.
  std::string_view zero = {};
};

struct duration {
  std::chrono::milliseconds fallback{};
  std::chrono::milliseconds least{};
  std::chrono::milliseconds most{};
  /// As in `integer`.
  std::string_view zero = {};
};

/// In bytes.
struct size {
  std::uint64_t fallback = 0;
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

struct text {
  std::string_view fallback;
  bool (*fits)(std::string_view) = nullptr;
  /// What `fits` lets through, as in "expected …".
  std::string_view accepted;
};

struct path {
  std::string_view fallback = {};
  /// What "" means; if nothing, a path is needed.
  std::string_view empty = {};
};

struct address {
  std::string_view fallback = {};
};

/// One of an enumeration's names, in the order of its values from 0.
struct choice {
  std::uint64_t fallback = 0;
  std::vector<std::string_view> names;
};

struct list {
  std::vector<std::string> fallback;
  std::size_t least = 0;
  std::size_t most = 0;
  bool (*fits)(std::string_view) = nullptr;
  /// What elements are, as in "a list of 1 to 64 …".
  std::string_view accepted;
};

using option_type = std::variant<flag, integer, duration, size, text, path,
                                 address, choice, list>;

/// When a node takes over a changed value.
enum class effect {
  reload,  ///< when the running node reloads its configuration
  restart, ///< when the node starts again
  fixed,   ///< never, once the node has a store
};

/// "at reload", "at restart", "never, once the store exists".
std::string_view to_string(effect x) noexcept;

/// An option's name, and its member of `settings`: IRIS_MEMBER makes one of
/// the other, so that they can't differ.
struct member {
  std::string_view name;
  value (*get)(const settings&);
  void (*set)(settings&, const value&);
};

/// The declaration of an option: all there is to know about it.
struct option {
  member in;
  effect changes = effect::restart;
  option_type type;
  /// Whole sentences, in Markdown.
  std::string_view meaning;

  std::string_view name() const noexcept { return in.name; }
};

/// The default.
value fallback(const option_type& type);

/// What is accepted, as in "expected …": "a whole number of devices from
/// 1 to 64".
std::string accepted(const option_type& type);

/// The value that a raw one stands for, or the part of it that doesn't fit.
using reading = std::variant<value, const raw_value*>;

/// The reading points into `raw`.
reading read(const option_type& type, const raw_value& raw);

/// The value of a variable, in the type that TOML would have given it: true
/// and false, integers, and lists separated by commas. What isn't one stays a
/// string, for `read` to refuse.
raw_value from_variable(const option_type& type, std::string_view text);

/// As TOML, in the form that the documentation uses. `read` takes it back.
/// Precondition: `x` is a value of this type.
std::string print(const option_type& type, const value& x);

template <class Field>
value to_value(const Field& x) {
  if constexpr (std::is_same_v<Field, std::filesystem::path>)
    return x.string();
  else if constexpr (std::is_same_v<Field, bool> || std::is_class_v<Field>)
    return x;
  else
    return static_cast<std::uint64_t>(x);
}

template <class Field>
void assign(Field& x, const value& v) {
  if constexpr (std::is_same_v<Field, std::filesystem::path>)
    x = std::get<std::string>(v);
  else if constexpr (std::is_same_v<Field, bool> || std::is_class_v<Field>)
    x = std::get<Field>(v);
  else
    x = static_cast<Field>(std::get<std::uint64_t>(v));
}

} // namespace iris::config

#define IRIS_MEMBER(path)                                                      \
  ::iris::config::member {                                                     \
#path,                                                                     \
      [](const ::iris::config::settings& x) {                                  \
        return ::iris::config::to_value(x.path);                               \
      },                                                                       \
      [](::iris::config::settings& x, const ::iris::config::value& v) {        \
        ::iris::config::assign(x.path, v);                                     \
      }   \
  }
