#include "tests/sim/fault.hpp"

namespace iris::sim {

namespace {

struct planted_fault {
  std::string name;
  std::uint64_t count = 0;
};

planted_fault& planted() {
  static planted_fault out;
  return out;
}

} // namespace

bool fault(std::string_view name) {
  auto& x = planted();
  if (name != x.name)
    return false;
  ++x.count;
  return true;
}

void plant(std::string name) {
  planted() = {std::move(name), 0};
}

std::uint64_t fault_count() {
  return planted().count;
}

} // namespace iris::sim
