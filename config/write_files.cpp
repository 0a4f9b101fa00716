// Writes what is made from the declarations: config_files SOURCE_FOLDER.
#include "config/render.hpp"

#include <cstdio>
#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("expected one argument: the source folder\n", stderr);
    return 2;
  }
  std::string root = argv[1];
  std::ofstream page{root + "/docs/configuration.md"};
  std::ofstream example{root + "/examples/configs/full.toml"};
  page << iris::config::render_markdown() << std::flush;
  example << iris::config::render_example() << std::flush;
  if (page && example)
    return 0;
  std::fprintf(stderr, "%s: expected folders docs and examples/configs\n",
               root.c_str());
  return 1;
}
