#include "tests/protocol/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

std::atomic<std::size_t> total = 0;
std::atomic<std::size_t> returned = 0;

} // namespace

std::size_t allocated_bytes() noexcept {
  return total;
}

std::size_t live_bytes() noexcept {
  return total - returned;
}

void* operator new(std::size_t size) {
  if (void* p = std::malloc(size)) {
    total += malloc_usable_size(p);
    return p;
  }
  throw std::bad_alloc{};
}

void operator delete(void* p) noexcept {
  returned += malloc_usable_size(p);
  std::free(p);
}

void operator delete(void* p, std::size_t) noexcept {
  operator delete(p);
}
