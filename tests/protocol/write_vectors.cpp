// iris-vectors VECTORS CORPUS: writes the golden vectors from the frames of
// golden.cpp as VECTORS/<file>.json, and each as a fuzz seed into CORPUS. To be
// run, and its difference to be read, when the protocol gains a frame. Tests
// fail when the files and the codec differ.
#include "tests/protocol/golden.hpp"
#include "tests/protocol/json.hpp"

#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>

namespace {

using namespace iris::vectors;

json entry_of(const golden& x) {
  auto bytes = x.encoded();
  return {{"name", x.name},
          {"description", x.description},
          {"from", x.from()},
          {"hex", to_hex(bytes)},
          {"frame", from_msgpack(bytes)}};
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream out{path, std::ios::binary};
  out << bytes;
  if (!out.flush())
    throw std::runtime_error("expected to be able to write " + path);
}

/// The seed's first byte tells the fuzz target what it is.
std::string seed_of(const golden& x) {
  return std::string(1, static_cast<char>(x.content.index())) + x.encoded();
}

/// All of the session as one stream, in chunks of three bytes.
std::string stream_seed() {
  std::string out{"\x03\x02", 2};
  for (const auto& x : session()) {
    auto bytes = x.encoded();
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>(bytes.size() >> shift));
    out += bytes;
  }
  return out;
}

void write_all(const std::string& vectors, const std::string& corpus) {
  std::map<std::string, json> files;
  for (const auto* list : {&goldens(), &session()}) {
    for (const auto& x : *list) {
      auto& file = files[x.file];
      write_file(corpus + "/" + x.file + "_" + std::to_string(file.size()),
                 seed_of(x));
      file.push_back(entry_of(x));
    }
  }
  write_file(corpus + "/stream", stream_seed());
  for (const auto& [name, content] : files)
    write_file(vectors + "/" + name + ".json", content.dump(2) + "\n");
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: iris-vectors VECTORS CORPUS\n", stderr);
    return 2;
  }
  try {
    write_all(argv[1], argv[2]);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "iris-vectors: %s\n", fault.what());
    return 1;
  }
  return 0;
}
