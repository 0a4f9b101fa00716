#pragma once

#include "admin/handlers.hpp"

#include <utility>
#include <vector>

namespace iris::admin {

/// As much of an HTTP request as the endpoints look at.
struct request {
  std::string_view method;
  std::string_view target;        ///< path and query; the query is ignored
  std::string_view authorization; ///< the header of that name
  std::string_view body;
};

struct answer {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body;
  /// Beyond type and length, e.g. Allow.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// An answer with the body {"code":…,"name":…,"text":…}, and the headers that
/// HTTP asks for beside 401 and 503.
answer failure(unsigned status, const error& what);

/// The HTTP status of an error: 4xx or 5xx.
unsigned status_of(errc code) noexcept;

/// Finds the endpoint of a request, checks who asks and what, and calls its
/// handler. Knows nothing of sockets. Runs on the listener's thread.
///
/// Order of checks: path (404), method (405), operator (401, 403), body (400).
class router {
public:
  using reply = std::function<void(answer)>;

  /// Precondition: every handler is set.
  explicit router(handlers to);

  /// Calls `done` before it returns, or later and on another thread for those
  /// endpoints whose handler takes a `respond`.
  void route(const request& what, reply done) const;

private:
  struct endpoint;

  static const std::vector<endpoint>& endpoints();
  static answer unknown_path();
  static answer wrong_method(std::string_view path);

  void dispatch(const request& what, const reply& done) const;
  result<void> authorize(std::string_view header) const;

  void metrics(const request& what, const reply& done) const;
  void healthz(const request& what, const reply& done) const;
  void readyz(const request& what, const reply& done) const;
  void tree(const request& what, const reply& done) const;
  void status(const request& what, const reply& done) const;
  void tokens(const request& what, const reply& done) const;
  void verify(const request& what, const reply& done) const;
  void nodes(const request& what, const reply& done) const;
  void shards(const request& what, const reply& done) const;
  template <auto Parse>
  void change(const request& what, const reply& done) const;
  void repair(const request& what, const reply& done) const;

  handlers to_;
};

} // namespace iris::admin
