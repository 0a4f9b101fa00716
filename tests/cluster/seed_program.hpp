#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace iris::test {

/// A program that runs something for one seed after the other, or shows that a
/// planted fault is caught: by a scripted test, where the program has them, or
/// by a seed.
struct seed_program {
  using counts = std::map<std::string, std::size_t>;

  const char* name;
  const char* description;
  /// What went wrong with a seed, empty if nothing; counts what happened.
  /// `strict` unless only what hurts is to count.
  std::function<std::string(std::uint64_t seed, bool strict, counts& sums)> run;

  /// The exit code.
  int main(int argc, char** argv) const;
};

} // namespace iris::test
