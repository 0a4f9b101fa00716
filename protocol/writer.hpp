#pragma once

#include "base/assert.hpp"
#include "protocol/kinds.hpp"

#include <msgpack/pack.hpp>

#include <span>

namespace iris::protocol::wire {

/// Writes the fields of one map, each integer and length in its shortest form
/// and those optional fields that say something.
class writer {
public:
  explicit writer(std::string& out) : out_(out), at_(out.size()) {
    out_.push_back(fixmap);
  }

  template <class T>
  void required(std::string_view key, const T& from) {
    required(key, from, kind_of(from));
  }

  template <class T, class Kind>
  void required(std::string_view key, const T& from, const Kind& kind) {
    ++keys_;
    put_text(key);
    put(from, kind);
  }

  template <class T>
  void optional(std::string_view key, const T& from) {
    optional(key, from, kind_of(from));
  }

  template <class T>
  void optional(std::string_view key, const std::optional<T>& from) {
    if (from)
      required(key, *from);
  }

  /// Written unless it is what its absence means.
  template <class T, class Kind>
  void optional(std::string_view key, const T& from, const Kind& kind,
                const T& absent = {}) {
    if (from != absent)
      required(key, from, kind);
  }

  void remark(std::string_view key, std::string_view from) {
    ++keys_;
    put_text(key);
    put_text(from);
  }

  void ensure(bool, std::string_view, std::string_view, std::string_view) {}

  /// To be called when all fields were written.
  void finish() {
    IRIS_ASSERT(keys_ <= fixmap_keys_max);
    out_[at_] = static_cast<char>(fixmap | keys_);
  }

private:
  /// The map's first byte, 1000nnnn, is known last.
  static constexpr char fixmap = static_cast<char>(0x80);
  static constexpr int fixmap_keys_max = 15;

  /// What msgpack::packer writes to.
  struct sink {
    std::string& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
  };

  template <class Tag, class T>
  static std::uint64_t plain(const number<Tag, T>& x) {
    return x.value;
  }
  static std::uint64_t plain(const timestamp& x) {
    return static_cast<std::uint64_t>(x.ms);
  }
  template <class T>
  requires std::integral<T> || std::is_enum_v<T>
  static std::uint64_t plain(const T& x) {
    return static_cast<std::uint64_t>(x);
  }

  template <class T>
  void put(const T& x, const integer&) {
    pack_.pack_uint64(plain(x));
  }
  void put(bool x, const boolean&) {
    x ? pack_.pack_true() : pack_.pack_false();
  }
  template <class Tag>
  void put(const uuid<Tag>& x, const uuid_bytes&) {
    put_bytes(x.bytes());
  }
  void put(const message_id& x, const uuid7&) { put_bytes(x.bytes()); }
  void put(const std::string& x, const body&) { put_bytes(x); }
  void put(const std::string& x, const text&) { put_text(x); }
  template <class Tag>
  void put(const name<Tag>& x, const name_text&) {
    put_text(x.str());
  }

  template <class T>
  void put(const T& x, const record&) {
    writer inner{out_};
    fields(inner, x);
    inner.finish();
  }
  /// An element that is encoded already.
  void put(std::string_view x, const record&) { out_.append(x); }

  template <class T, class Element>
  void put(const T& x, const list<Element>& kind) {
    pack_.pack_array(static_cast<std::uint32_t>(x.size()));
    for (const auto& element : x)
      put(element, kind.element);
  }

  void put_text(std::string_view x) {
    pack_.pack_str(static_cast<std::uint32_t>(x.size()));
    out_.append(x);
  }
  void put_bytes(std::string_view x) {
    pack_.pack_bin(static_cast<std::uint32_t>(x.size()));
    out_.append(x);
  }

  std::string& out_;
  sink sink_{out_};
  msgpack::packer<sink> pack_{sink_};
  std::size_t at_;
  int keys_ = 0;
};

} // namespace iris::protocol::wire
