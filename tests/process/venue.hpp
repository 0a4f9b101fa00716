#pragma once

#include "base/ids.hpp"
#include "clients/cpp/tls.hpp"

#include <memory>
#include <string>
#include <vector>

namespace iris::process {

/// Where clients go: a node, or a cluster of them.
class venue {
public:
  virtual ~venue() = default;

  /// Where this transport is to be had.
  virtual std::vector<std::string> urls(const std::string& transport) const = 0;
  virtual std::shared_ptr<const client::tls_context> trust() const = 0;
  virtual std::string token(const user_id& whom) const = 0;
  /// Those of clients, as the nodes know of them.
  virtual double connections() const = 0;
};

} // namespace iris::process
