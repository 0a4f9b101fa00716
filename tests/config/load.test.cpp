#include "config/load.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace load_test {

using namespace iris::config;

namespace {

// A folder that is gone afterwards.
class scratch {
public:
  scratch() {
    auto pattern =
      (std::filesystem::temp_directory_path() / "iris-config-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~scratch() { std::filesystem::remove_all(path_); }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;

  std::filesystem::path write(std::string_view content) const {
    auto file = path_ / "iris.toml";
    std::ofstream{file, std::ios::binary} << content;
    return file;
  }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

std::string told(const outcome& x) {
  return to_string(x.problems());
}

} // namespace

TEST_CASE("a file is read, and overridden by variables") {
  scratch folder;
  auto file = folder.write("node.id = 7\nnode.name = 'seven'\n");

  auto x = load(file, {{"IRIS_NODE_ID", "8"}});

  REQUIRE(x);
  CHECK(x->node.id == 8);
  CHECK(x->node.name == "seven");
}

TEST_CASE("without a file there are defaults and variables") {
  auto x = load({}, {{"IRIS_NODE_ID", "8"}});

  REQUIRE(x);
  CHECK(x->node.id == 8);
  CHECK(x->node.name == "iris");
}

TEST_CASE("a problem names the file as it was asked for") {
  scratch folder;
  auto file = folder.write("node.id = 0\n");

  CHECK(told(load(file, {}))
        == file.string()
             + ":1:11: node.id: found 0, expected a whole number from 1 to "
               "4294967295\n");
}

TEST_CASE("a missing file and a folder are problems") {
  scratch folder;
  auto missing = folder.path() / "none.toml";

  CHECK(told(load(missing, {}))
        == missing.string()
             + ": found no such file, expected the path of a TOML file\n");
  CHECK(told(load(folder.path(), {}))
        == folder.path().string()
             + ": found a folder, expected the path of a TOML file\n");
}

TEST_CASE("a file beyond 1 MiB is a problem") {
  scratch folder;
  auto file = folder.write(std::string(3 << 20, '#'));

  CHECK(told(load(file, {}))
        == file.string()
             + ": found more than 1 MiB of text, expected at most 1 MiB\n");
}

TEST_CASE("the variables of the process are those of Iris") {
  REQUIRE(setenv("IRIS_NODE_NAME", "from=outside", 1) == 0);
  REQUIRE(setenv("OTHER_NODE_NAME", "x", 1) == 0);

  auto variables = process_environment();

  REQUIRE(unsetenv("IRIS_NODE_NAME") == 0);
  REQUIRE(unsetenv("OTHER_NODE_NAME") == 0);
  CHECK(variables.at("IRIS_NODE_NAME") == "from=outside");
  CHECK_FALSE(variables.contains("OTHER_NODE_NAME"));
}

} // namespace load_test
