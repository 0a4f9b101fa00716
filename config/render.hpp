#pragma once

#include <string>

namespace iris::config {

/// docs/configuration.md, from the declarations.
std::string render_markdown();

/// examples/configs/full.toml: every option at its default, with its comment.
std::string render_example();

} // namespace iris::config
