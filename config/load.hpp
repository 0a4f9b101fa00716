#pragma once

#include "base/assert.hpp"
#include "config/problem.hpp"
#include "config/settings.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace iris::config {

/// Environment variables by name.
using environment = std::map<std::string, std::string, std::less<>>;

/// The variables of this process that begin with IRIS_. Not while another
/// thread changes the environment.
environment process_environment();

/// Settings, or everything that is wrong with them.
class [[nodiscard]] outcome {
public:
  explicit outcome(settings good) : settings_(std::move(good)) {}
  /// Precondition: not empty.
  explicit outcome(std::vector<problem> all) : problems_(std::move(all)) {
    IRIS_ASSERT(!problems_.empty());
  }

  explicit operator bool() const noexcept { return problems_.empty(); }

  /// Precondition: there is no problem.
  const settings& operator*() const {
    IRIS_ASSERT(problems_.empty());
    return settings_;
  }
  const settings* operator->() const { return &**this; }

  /// Those of the file in the order of its lines, then those of variables in
  /// the order of the options.
  const std::vector<problem>& problems() const noexcept { return problems_; }

private:
  settings settings_;
  std::vector<problem> problems_;
};

/// Reads untrusted text; what it leaves out has its default, what `variables`
/// override is theirs. `file_name` is only for the problems' text. No I/O; any
/// thread. A variable named IRIS_ that is no option is ignored unless it looks
/// like one misspelt: others may use the prefix too.
outcome parse(std::string_view text, std::string_view file_name,
              const environment& variables = {});

/// Reads a file, then parses it; an empty path stands for an empty file. Blocks
/// on the disk.
outcome load(const std::filesystem::path& file,
             const environment& variables = process_environment());

} // namespace iris::config
