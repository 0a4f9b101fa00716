#include "actors/node_frames.hpp"

#include "base/codec.hpp"

#include <tuple>

namespace iris::actors {

namespace {

constexpr std::uint8_t first_command = 1;
constexpr std::uint8_t first_answer = 65;
constexpr std::uint8_t leading_kind = 129;
/// Of any list. Longer ones fit in no frame that a node sends.
constexpr std::uint64_t count_max = 16 * 1024;

// -- the fields of each struct, for both directions ---------------------------

template <class T>
struct layout;

#define IRIS_LAYOUT(type, ...)                                                 \
  template <>                                                                  \
  struct layout<type> {                                                        \
    static auto of(auto& x) { return std::tie(__VA_ARGS__); }                  \
  };

IRIS_LAYOUT(author, x.user, x.device)
IRIS_LAYOUT(submission, x.id, x.kind, x.body, x.to, x.after, x.users, x.title,
            x.trace)
IRIS_LAYOUT(conversation_machine::recipient, x.user, x.from, x.to)
IRIS_LAYOUT(seniority, x.node, x.number, x.rank, x.waited_ms)
IRIS_LAYOUT(error, x.code, x.context, x.retry_after_ms)

IRIS_LAYOUT(protocol::history, x.n, x.conversation, x.from, x.limit, x.back)
IRIS_LAYOUT(protocol::conversations, x.n, x.after, x.limit)
IRIS_LAYOUT(protocol::sent, x.id, x.conversation, x.seq, x.at, x.duplicate)
IRIS_LAYOUT(protocol::failed, x.code, x.text, x.retry_after_ms, x.id, x.n,
            x.fatal)
// Its items are in `answered`, encoded.
IRIS_LAYOUT(protocol::history_page, x.n, x.conversation, x.head)
IRIS_LAYOUT(protocol::conversation_summary, x.conversation, x.seq)
IRIS_LAYOUT(protocol::conversation_list, x.n, x.list, x.more)
IRIS_LAYOUT(protocol::member, x.user, x.role, x.since)
IRIS_LAYOUT(protocol::members, x.n, x.conversation, x.title, x.list, x.head)
IRIS_LAYOUT(protocol::device, x.name, x.cursor, x.online, x.seen)
IRIS_LAYOUT(protocol::device_list, x.n, x.list)
IRIS_LAYOUT(protocol::user_status, x.user, x.online, x.seen)
IRIS_LAYOUT(protocol::done, x.n)

IRIS_LAYOUT(submit, x.conversation, x.from, x.list, x.tag)
IRIS_LAYOUT(read_history, x.reader, x.conversation, x.request, x.tag)
IRIS_LAYOUT(read_roster, x.reader, x.conversation, x.tag)
IRIS_LAYOUT(fanned_out, x.conversation, x.by, x.upto)
IRIS_LAYOUT(fan_out, x.conversation, x.destination, x.first, x.items,
            x.recipients)
IRIS_LAYOUT(open_inbox, x.user, x.device, x.age)
IRIS_LAYOUT(close_inbox, x.user)
IRIS_LAYOUT(read_inbox, x.user, x.after, x.items_max, x.sync, x.at_once)
IRIS_LAYOUT(acknowledge, x.user, x.upto)
IRIS_LAYOUT(read_statuses, x.users, x.tag)
IRIS_LAYOUT(list_conversations, x.user, x.request, x.tag)
IRIS_LAYOUT(list_devices, x.user, x.tag)
IRIS_LAYOUT(remove_device, x.user, x.device, x.tag)
IRIS_LAYOUT(add_node, x.id, x.address, x.zone)
IRIS_LAYOUT(remove_node, x.id)
IRIS_LAYOUT(drain_node, x.id, x.on)
IRIS_LAYOUT(move_shard, x.shard, x.from, x.to)
IRIS_LAYOUT(transfer_shard, x.shard, x.to)
IRIS_LAYOUT(shard_reached, x.shard, x.voters, x.index, x.revision)
IRIS_LAYOUT(change_cluster, x.what, x.tag)
IRIS_LAYOUT(compare_shard, x.number, x.tag)

IRIS_LAYOUT(submitted, x.tag, x.answers)
IRIS_LAYOUT(attached, x.refused, x.cursor, x.floor, x.head, x.rank)
IRIS_LAYOUT(inbox_page, x.sync, x.first, x.items, x.head)
IRIS_LAYOUT(answered, x.tag, x.answer, x.items)
IRIS_LAYOUT(cut_off, x.why)
IRIS_LAYOUT(lost, x.tag, x.why)
IRIS_LAYOUT(cluster::replica_finding, x.node, x.is, x.damage)
IRIS_LAYOUT(cluster::comparison, x.index, x.over, x.replicas)
IRIS_LAYOUT(shard_compared, x.tag, x.why, x.found)

IRIS_LAYOUT(leading_frame::led, x.shard, x.term)

#undef IRIS_LAYOUT

template <>
struct layout<detached> {
  static auto of(auto&) { return std::tie(); }
};

// -- writing ------------------------------------------------------------------

class writer {
public:
  explicit writer(std::string& out) : out_(out) {}

  template <class T>
  void operator()(const T& x) {
    if constexpr (std::is_enum_v<T>)
      out_.varint(static_cast<std::uint64_t>(x));
    else if constexpr (std::is_integral_v<T>)
      out_.varint(x);
    else
      std::apply([this](const auto&... fields) { ((*this)(fields), ...); },
                 layout<T>::of(x));
  }
  void operator()(const timestamp& x) {
    out_.u64(static_cast<std::uint64_t>(x.ms));
  }
  void operator()(const std::string& x) { out_.bytes(x); }
  void operator()(const item_bytes& x) { out_.bytes(*x); }
  template <class Tag, class T>
  void operator()(const number<Tag, T>& x) {
    out_.varint(x.value);
  }
  template <class Tag>
  void operator()(const name<Tag>& x) {
    out_.bytes(x.str());
  }
  template <class Tag>
  void operator()(const uuid<Tag>& x) {
    out_.raw(x.bytes());
  }
  template <class T>
  void operator()(const std::optional<T>& x) {
    out_.u8(x ? 1 : 0);
    if (x)
      (*this)(*x);
  }
  template <class T>
  void operator()(const std::vector<T>& x) {
    out_.varint(x.size());
    for (const auto& one : x)
      (*this)(one);
  }
  template <class... Ts>
  void operator()(const std::variant<Ts...>& x) {
    out_.u8(static_cast<std::uint8_t>(x.index()));
    std::visit(*this, x);
  }

private:
  encoder out_;
};

// -- reading ------------------------------------------------------------------

/// The first field that is wrong makes it fail for good.
class reader {
public:
  explicit reader(std::string_view in) : in_(in) {}

  decoder& raw() noexcept { return in_; }

  template <class T>
  void operator()(T& x) {
    if constexpr (std::is_enum_v<T>)
      x = static_cast<T>(number_up_to(last_of(T{}), "an enumerated value"));
    else if constexpr (std::is_same_v<T, bool>)
      x = number_up_to(1, "0 or 1") == 1;
    else if constexpr (std::is_integral_v<T>)
      x = static_cast<T>(
        number_up_to(std::numeric_limits<T>::max(), "a smaller number"));
    else
      std::apply([this](auto&... fields) { ((*this)(fields), ...); },
                 layout<T>::of(x));
  }
  void operator()(timestamp& x) { x.ms = static_cast<std::int64_t>(in_.u64()); }
  void operator()(std::string& x) { x = in_.bytes(); }
  void operator()(item_bytes& x) {
    x = std::make_shared<const std::string>(in_.bytes());
  }
  template <class Tag, class T>
  void operator()(number<Tag, T>& x) {
    (*this)(x.value);
  }
  template <class Tag>
  void operator()(name<Tag>& x) {
    auto found = name<Tag>::parse(in_.bytes());
    if (found)
      x = std::move(*found);
    else
      fail("a name");
  }
  template <class Tag>
  void operator()(uuid<Tag>& x) {
    if (auto bytes = in_.raw(16); bytes.size() == 16)
      x = uuid<Tag>::from_bytes(bytes);
  }
  template <class T>
  void operator()(std::optional<T>& x) {
    if (number_up_to(1, "0 or 1") == 1)
      (*this)(x.emplace());
  }
  template <class T>
  void operator()(std::vector<T>& x) {
    auto count = number_up_to(std::min(count_max, left()), "a shorter list");
    for (; count > 0 && well(); --count)
      (*this)(x.emplace_back());
  }
  template <class... Ts>
  void operator()(std::variant<Ts...>& x) {
    read_alternative(x, in_.u8());
  }

  template <class... Ts>
  void read_alternative(std::variant<Ts...>& x, std::size_t which) {
    std::size_t position = 0;
    auto taken =
      ((position++ == which ? ((*this)(x.template emplace<Ts>()), true) : false)
       || ...);
    if (!taken)
      fail("a known alternative");
  }

  bool well() const noexcept { return !in_.failed() && expected_ == nullptr; }

  /// What was expected; empty if all was right, to the last byte.
  std::string_view fault() const noexcept {
    if (expected_ != nullptr)
      return expected_;
    if (in_.failed())
      return "more bytes";
    return in_.done() ? std::string_view{} : "nothing behind the last field";
  }

private:
  static constexpr auto last_of(protocol::item_kind) {
    return static_cast<std::uint64_t>(protocol::item_kind::member_left);
  }
  static constexpr auto last_of(cluster::standing) {
    return static_cast<std::uint64_t>(cluster::standing::undecided);
  }
  static constexpr auto last_of(protocol::role) {
    return static_cast<std::uint64_t>(protocol::role::owner);
  }
  // A later version's node may know more of them.
  static constexpr std::uint64_t last_of(errc) { return 0xffff; }

  std::uint64_t left() const noexcept { return in_.rest().size(); }

  std::uint64_t number_up_to(std::uint64_t most, const char* expected) {
    auto out = in_.varint();
    if (out <= most)
      return out;
    fail(expected);
    return 0;
  }

  void fail(const char* expected) noexcept {
    if (well())
      expected_ = expected;
  }

  decoder in_;
  const char* expected_ = nullptr;
};

error refusal(std::uint8_t kind, std::string_view expected) {
  return {errc::bad_frame, "a frame of kind " + std::to_string(kind)
                             + " between nodes: expected "
                             + std::string{expected}};
}

// -- what the actors rely on --------------------------------------------------

/// What is wrong with the content, if anything.
template <class T>
std::string_view fault_of(shard_id, const T&) {
  return {};
}

std::string_view fault_of(shard_id, const submit& x) {
  return x.list.empty() ? "submissions" : std::string_view{};
}

std::string_view fault_of(shard_id, const read_history& x) {
  return x.request.limit == 0 || x.request.limit > protocol::limits::page_max
           ? "a limit of 1 to 256"
           : std::string_view{};
}

std::string_view fault_of(shard_id where, const fan_out& x) {
  if (x.destination != where)
    return "items for the shard that the frame is for";
  if (x.first.value == 0 || x.items.empty() || x.recipients.empty())
    return "items, numbered from 1 on, and recipients";
  auto last = x.first.value + (x.items.size() - 1);
  for (const auto& to : x.recipients)
    if (to.from < x.first || to.to < to.from || to.to.value > last)
      return "recipients of the items that are there";
  return {};
}

std::string_view fault_of(shard_id, const read_inbox& x) {
  return x.items_max == 0 || x.items_max > protocol::limits::items_max
           ? "to read 1 to 1024 items"
           : std::string_view{};
}

std::string_view fault_of(const command_frame& what) {
  auto of_conversation = std::holds_alternative<fan_out>(what.what)
                         || std::holds_alternative<fanned_out>(what.what);
  if (what.from.number == caf::invalid_actor_id && !of_conversation)
    return "the connection that it is from";
  if (!std::holds_alternative<compare_shard>(what.what)
      && std::holds_alternative<change_cluster>(what.what)
           != (what.where == cluster::control_shard))
    return "changes of the cluster for the control group, and only those";
  return std::visit([&](const auto& x) { return fault_of(what.where, x); },
                    what.what);
}

std::string_view fault_of(const answer_frame&) {
  return {};
}

std::string_view fault_of(const leading_frame&) {
  return {};
}

template <class Frame>
result<node_frame> finish(reader& in, std::uint8_t kind, Frame frame) {
  auto expected = in.fault();
  if (expected.empty())
    expected = fault_of(frame);
  if (!expected.empty())
    return refusal(kind, expected);
  return node_frame{std::move(frame)};
}

connection_key read_key(decoder& in) {
  connection_key out;
  out.process = in.u64();
  out.number = in.u64();
  return out;
}

} // namespace

std::string encode(const command_frame& what) {
  std::string out;
  encoder{out}
    .u8(node_frame_version)
    .u8(static_cast<std::uint8_t>(first_command + what.what.index()))
    .u16(what.where.value)
    .u64(what.from.process)
    .u64(what.from.number);
  std::visit(writer{out}, what.what);
  return out;
}

std::string encode(const answer_frame& what) {
  std::string out;
  encoder{out}
    .u8(node_frame_version)
    .u8(static_cast<std::uint8_t>(first_answer + what.what.index()))
    .u64(what.to.process)
    .u64(what.to.number);
  std::visit(writer{out}, what.what);
  return out;
}

std::string encode(const leading_frame& what) {
  std::string out;
  encoder{out}.u8(node_frame_version).u8(leading_kind);
  writer{out}(what.list);
  return out;
}

result<node_frame> decode_node_frame(std::string_view bytes) {
  if (bytes.size() > node_frame_bytes_max)
    return error{errc::bad_frame, "a frame between nodes: expected at most "
                                    + std::to_string(node_frame_bytes_max)
                                    + " bytes"};
  reader in{bytes};
  auto version = in.raw().u8();
  auto kind = in.raw().u8();
  if (in.well() && version != node_frame_version)
    return refusal(kind, "version 1");
  if (kind == leading_kind) {
    leading_frame out;
    in(out.list);
    return finish(in, kind, std::move(out));
  }
  if (kind >= first_answer) {
    answer_frame out;
    out.to = read_key(in.raw());
    in.read_alternative(out.what, std::size_t{kind} - first_answer);
    return finish(in, kind, std::move(out));
  }
  command_frame out;
  out.where = {in.raw().u16()};
  out.from = read_key(in.raw());
  // Of 0, which is none, a number that is none.
  in.read_alternative(out.what, std::size_t{kind} - first_command);
  return finish(in, kind, std::move(out));
}

} // namespace iris::actors
