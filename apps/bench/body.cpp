#include "apps/bench/body.hpp"

#include "base/assert.hpp"
#include "base/codec.hpp"
#include "base/hash.hpp"
#include "base/random.hpp"

#include <algorithm>
#include <cstring>

namespace iris::bench {

namespace {

constexpr std::size_t checksum_bytes = 8;

} // namespace

std::string make_body(const body& what, std::size_t bytes) {
  IRIS_ASSERT(bytes >= body::bytes_min);
  std::string rest;
  rest.reserve(bytes);
  encoder{rest}.u32(what.sender).u64(what.number).u64(what.sent_ns);
  auto at = rest.size();
  rest.resize(bytes - checksum_bytes);
  random_source random{what.number * 0x9e3779b97f4a7c15ULL + what.sender};
  while (at < rest.size()) {
    auto word = random.next();
    auto n = std::min(sizeof word, rest.size() - at);
    std::memcpy(rest.data() + at, &word, n);
    at += n;
  }
  std::string out;
  out.reserve(bytes);
  encoder{out}.u64(hash64(rest)).raw(rest);
  return out;
}

std::optional<body> read_body(std::string_view in) {
  decoder from{in};
  auto checksum = from.u64();
  auto rest = from.rest();
  body out;
  out.sender = from.u32();
  out.number = from.u64();
  out.sent_ns = from.u64();
  if (from.failed() || checksum != hash64(rest))
    return std::nullopt;
  return out;
}

} // namespace iris::bench
