#include "protocol/codec.hpp"
#include "tests/protocol/golden.hpp"
#include "tests/protocol/json.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

namespace vectors_test {

using namespace iris;
using namespace iris::protocol;
using namespace iris::vectors;

namespace {

const std::string folder = IRIS_SOURCE_DIR "/tests/vectors/";

struct outcome {
  error failure;
  decltype(golden::content) content;
};

outcome from(auto decoded) {
  if (!decoded)
    return {decoded.failure(), {}};
  return {{}, {*std::move(decoded)}};
}

/// As whoever gets what `like` is.
outcome decoded_like(const golden& like, std::string_view bytes) {
  switch (like.content.index()) {
  case 0:
    return from(decode_client(bytes));
  case 1:
    return from(decode_server(bytes));
  default:
    return from(decode_item(bytes));
  }
}

/// A golden frame, and what its file says of it.
struct pinned {
  golden frame;
  json entry;
};

/// Throws if the files have not the frames of golden.cpp, one for one.
std::vector<pinned> all_pinned() {
  std::map<std::string, std::size_t> taken;
  std::map<std::string, json> files;
  std::vector<pinned> out;
  for (const auto* list : {&goldens(), &session()}) {
    for (const auto& x : *list) {
      auto [file, added] = files.try_emplace(x.file);
      if (added)
        file->second = read_json(folder + x.file + ".json");
      out.push_back({x, file->second.at(taken[x.file]++)});
    }
  }
  for (const auto& file : files)
    if (file.second.size() != taken[file.first])
      throw std::runtime_error(file.first + ": expected fewer entries");
  return out;
}

template <class... T>
void insert_types(std::set<std::string>& out, std::variant<T...>*) {
  (out.emplace(type_name(std::variant<T...>{T{}})), ...);
}

std::string read_text(const std::string& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The frames of the worked session in docs/protocol.md: lines that begin
/// with "C " or "N " and go on in those that begin with two spaces.
std::vector<std::string> frames_in_document() {
  std::ifstream in{IRIS_SOURCE_DIR "/docs/protocol.md"};
  std::vector<std::string> out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "```hex" || line == "```")
      inside = line == "```hex";
    else if (inside && (line.starts_with("C ") || line.starts_with("N ")))
      out.push_back(line);
    else if (inside && line.starts_with("  "))
      out.back() += line.substr(2);
  }
  return out;
}

} // namespace

TEST_CASE("each golden file has the frames of golden.cpp in their order") {
  std::set<std::string> files;

  for (const auto& x : all_pinned()) {
    CHECK(x.entry["name"] == x.frame.name);
    CHECK(x.entry["description"] == x.frame.description);
    CHECK(x.entry["from"] == x.frame.from());
    files.insert(x.frame.file + ".json");
  }

  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (entry.path().extension() == ".json")
      CHECK_MESSAGE(files.contains(entry.path().filename()), entry.path());
}

TEST_CASE("each type of frame has a golden file") {
  std::set<std::string> types;
  insert_types(types, static_cast<client_frame*>(nullptr));
  insert_types(types, static_cast<server_frame*>(nullptr));

  CHECK(types.size() == 31);
  for (const auto& type : types)
    CHECK_MESSAGE(std::filesystem::exists(folder + type + ".json"), type);
}

TEST_CASE("golden bytes decode to their frame, and the frame encodes to them") {
  for (const auto& x : all_pinned()) {
    CAPTURE(x.frame.file);
    CAPTURE(x.frame.name);
    auto hex = x.entry["hex"].get<std::string>();
    auto decoded = decoded_like(x.frame, from_hex(hex));
    CHECK(to_string(decoded.failure) == "none (0)");
    CHECK(decoded.content == x.frame.content);
    CHECK(to_hex(x.frame.encoded()) == hex);
  }
}

TEST_CASE("golden fields are golden bytes for another library too") {
  for (const auto& x : all_pinned()) {
    CAPTURE(x.frame.file);
    CAPTURE(x.frame.name);
    CHECK(to_hex(to_msgpack(x.entry["frame"])) == x.entry["hex"]);
  }
}

TEST_CASE("a golden frame that is cut off anywhere is a bad frame") {
  for (const auto& x : goldens()) {
    CAPTURE(x.file);
    CAPTURE(x.name);
    auto bytes = x.encoded();
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      auto code = decoded_like(x, {bytes.data(), n}).failure.code;
      if (code != errc::bad_frame)
        FAIL("cut at ", n);
    }
  }
}

TEST_CASE("a golden frame with something behind it is a bad frame") {
  for (const auto& x : goldens()) {
    auto failure = decoded_like(x, x.encoded() + '\x01').failure;
    CHECK(failure.code == errc::bad_frame);
    CHECK(failure.context
          == "expected one MessagePack map, found 1 bytes behind it");
  }
}

TEST_CASE("a golden frame with any byte changed is decoded or refused") {
  for (const auto& x : goldens()) {
    CAPTURE(x.file);
    CAPTURE(x.name);
    auto bytes = x.encoded();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      auto changed = bytes;
      for (int value = 0; value < 256; value += 5) {
        changed[i] = static_cast<char>(value);
        auto decoded = decoded_like(x, changed);
        if (decoded.failure) {
          if (decoded.failure.context.empty())
            FAIL("byte ", i, " made ", value, ": expected a text");
          continue;
        }
        auto again = x;
        again.content = decoded.content;
        if (decoded_like(x, again.encoded()).content != decoded.content)
          FAIL("byte ", i, " made ", value);
      }
    }
  }
}

TEST_CASE("the worked session of the document is the golden one") {
  std::vector<std::string> expected;
  for (const auto& x : session()) {
    std::string framed;
    std::visit(
      [&](const auto& frame) {
        if constexpr (!std::is_same_v<decltype(frame), const item&>)
          encode_framed(frame, framed);
      },
      x.content);
    expected.push_back((x.from() == "client" ? "C " : "N ") + to_hex(framed));
  }

  CHECK(frames_in_document() == expected);
}

TEST_CASE("the document has the first golden frame of each type") {
  auto document = read_text(IRIS_SOURCE_DIR "/docs/protocol.md");
  std::set<std::string> files;

  for (const auto& x : goldens()) {
    if (!files.insert(x.file).second)
      continue;
    auto hex = to_hex(x.encoded());
    CHECK_MESSAGE(document.find(hex) != std::string::npos, x.file, ": ", hex);
  }
}

TEST_CASE("the document has each error that a client may be told") {
  auto document = read_text(IRIS_SOURCE_DIR "/docs/protocol.md");
  auto last = static_cast<int>(errc::corrupt);

  for (int number = static_cast<int>(errc::bad_frame); number <= last;
       ++number) {
    auto name = std::string{to_string(static_cast<errc>(number))};
    auto row = "| " + std::to_string(number) + " | `" + name + "` |";
    CHECK_MESSAGE(
      (name == "unknown" || document.find(row) != std::string::npos), row);
  }
}

} // namespace vectors_test
