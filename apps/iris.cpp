// iris: the command line. See docs/cli.md.
#include "apps/cli/run.hpp"

#include <iostream>

int main(int argc, char** argv) {
  return iris::cli::run({argv + 1, argv + argc}, std::cin, std::cout,
                        std::cerr);
}
