#include "config/render.hpp"

#include "config/options.hpp"
#include "config/problem.hpp"
#include "config/rules.hpp"

#include <algorithm>

namespace iris::config {

namespace {

constexpr std::size_t comment_columns_max = 78;

constexpr std::string_view introduction = R"(# Configuration

A node reads one TOML file at start. Each option has a default, so an empty
file is a valid one; [full.toml](../examples/configs/full.toml) spells them all
out. `iris config check FILE` explains everything that is wrong with a file.

A variable of the environment overrides an option: its name is that of the
option in capitals, dots turned into underscores, after `IRIS_`. For example,
`IRIS_LISTEN_TCP_ADDRESS` overrides `listen.tcp.address`. Its value is written
without the quotes of TOML, a list with commas between its elements.

Durations are a number and one of `ms`, `s`, `m`, `h`, `d`: `"30s"`. Sizes are
a number and one of `B`, `KiB`, `MiB`, `GiB`, `TiB`: `"64 MiB"`. Addresses are
`"127.0.0.1:7300"`, `"[::1]:7300"` or `"localhost:7300"`.

This page is made from `config/options.cpp` and `config/rules.cpp`; the target
`config_files` writes it.
)";

constexpr std::string_view example_introduction =
  "Every option of an Iris node, at its default. A real file holds only what "
  "it changes: see minimal.toml and tls.toml. docs/configuration.md explains "
  "durations, sizes and overrides.";

bool is_in(const option& o, const section& s) {
  return o.name().starts_with(std::string{s.name} + ".");
}

std::string default_of(const option& o) {
  return print(o.type, fallback(o.type));
}

std::string markdown(const option& o) {
  std::string text = "\n### `" + std::string{o.name()} + "`\n\n";
  text.append(o.meaning).append("\n\n");
  text += "- Default: `" + default_of(o) + "`\n";
  text += "- Accepted: " + accepted(o.type) + "\n";
  text.append("- Can be changed: ").append(to_string(o.changes)) += "\n";
  return text + "- Variable: `" + variable_name(o.name()) + "`\n";
}

// The words of `text` as lines of a TOML comment.
std::string comment(std::string_view text) {
  std::string out;
  std::size_t columns = 0;
  while (!text.empty()) {
    auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (columns == 0 || columns + 1 + word.size() > comment_columns_max) {
      out += columns == 0 ? "#" : "\n#";
      columns = 1;
    }
    out.append(" ").append(word);
    columns += 1 + word.size();
  }
  return out + "\n";
}

std::string example(const option& o, const section& s) {
  auto key = o.name().substr(s.name.size() + 1);
  auto text = "\n" + comment(o.meaning);
  text += comment("Accepted: " + accepted(o.type) + ".");
  text += comment("Can be changed: " + std::string{to_string(o.changes)} + ".");
  return text.append(key) + " = " + default_of(o) + "\n";
}

} // namespace

std::string render_markdown() {
  std::string page{introduction};
  for (const auto& s : sections()) {
    page += "\n## " + std::string{s.name} + "\n\n";
    page.append(s.meaning) += "\n";
    for (const auto& o : options())
      if (is_in(o, s))
        page += markdown(o);
  }
  page += "\n## What must hold between options\n\n";
  for (const auto& r : rules())
    page.append("- ").append(r.meaning) += "\n";
  return page;
}

std::string render_example() {
  auto file = comment(example_introduction);
  for (const auto& s : sections()) {
    file += "\n" + comment(s.meaning);
    file += "[" + std::string{s.name} + "]\n";
    for (const auto& o : options())
      if (is_in(o, s))
        file += example(o, s);
  }
  return file;
}

} // namespace iris::config
