#pragma once

#include "base/error.hpp"

#include <utility>
#include <variant>

namespace iris {

/// A value or an error. The value is only reached after asking which it is.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  result(error what) : content_(std::in_place_index<1>, std::move(what)) {}

  explicit operator bool() const noexcept { return content_.index() == 0; }

  T& operator*() & { return std::get<0>(content_); }
  const T& operator*() const& { return std::get<0>(content_); }
  T&& operator*() && { return std::get<0>(std::move(content_)); }
  T* operator->() { return &std::get<0>(content_); }
  const T* operator->() const { return &std::get<0>(content_); }

  /// Precondition: holds an error.
  const error& failure() const& { return std::get<1>(content_); }
  error&& failure() && { return std::get<1>(std::move(content_)); }

private:
  std::variant<T, error> content_;
};

/// Success without a value.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(error what) : error_(std::move(what)) {}

  explicit operator bool() const noexcept { return !error_; }

  /// Precondition: holds an error.
  const error& failure() const& { return error_; }

private:
  error error_;
};

} // namespace iris
