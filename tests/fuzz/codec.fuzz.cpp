#include "base/codec.hpp"
#include "base/assert.hpp"

#include <cstdint>
#include <string>
#include <string_view>

using namespace iris;

namespace {

/// Reads one field of the kind that `op` names and writes it again.
void copy_field(std::uint8_t op, decoder& in, encoder& out) {
  switch (op % 7) {
  case 0:
    out.u8(in.u8());
    break;
  case 1:
    out.u16(in.u16());
    break;
  case 2:
    out.u32(in.u32());
    break;
  case 3:
    out.u64(in.u64());
    break;
  case 4:
    out.varint(in.varint());
    break;
  case 5:
    out.bytes(in.bytes());
    break;
  default:
    out.raw(in.raw(op / 7));
  }
}

/// Reads `bytes` as the fields that `program` names. Returns what a second
/// reader must see.
std::string copy(std::string_view program, std::string_view bytes) {
  std::string copied;
  encoder out{copied};
  decoder in{bytes};
  for (auto op : program) {
    auto before = in.rest().size();
    copy_field(static_cast<std::uint8_t>(op), in, out);
    IRIS_ASSERT(in.rest().size() <= before);
    if (in.failed())
      return {};
  }
  IRIS_ASSERT(copied.size() <= bytes.size());
  return copied;
}

void check_failure_is_final(std::string_view bytes) {
  decoder in{bytes};
  in.raw(bytes.size() + 1);
  IRIS_ASSERT(in.failed() && !in.done());
  IRIS_ASSERT(in.u8() == 0 && in.u64() == 0 && in.varint() == 0);
  IRIS_ASSERT(in.bytes().empty() && in.raw(1).empty());
}

} // namespace

/// Input: the number of operations, the operations, the bytes they read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  decoder in{{reinterpret_cast<const char*>(data), size}};
  auto program = in.raw(in.u8());
  if (in.failed())
    return 0;
  auto bytes = in.rest();
  auto copied = copy(program, bytes);
  IRIS_ASSERT(copy(program, copied) == copied);
  check_failure_is_final(bytes);
  return 0;
}
