#include "cluster/raft/wire.hpp"

#include "cluster/raft/configuration.hpp"
#include "cluster/raft/entry_type.hpp"

namespace iris::cluster::raft {

namespace {

using kind = message::kind;
using persistence::log_entry;

enum : std::uint8_t { pre_vote_flag = 1, disrupt_flag = 2, granted_flag = 4 };

/// Far beyond what is reached, and far from what sums of two overflow.
constexpr std::uint64_t number_max = std::uint64_t{1} << 60;

std::uint8_t flags_of(const message& x) {
  return static_cast<std::uint8_t>((x.pre_vote ? pre_vote_flag : 0)
                                   | (x.disrupt ? disrupt_flag : 0)
                                   | (x.granted ? granted_flag : 0));
}

bool decodes(const std::string& configuration) {
  return static_cast<bool>(decode_configuration(configuration));
}

class reader {
public:
  explicit reader(decoder& in) : in_(in) {}

  message read() {
    out_.what = static_cast<kind>(in_.u8());
    out_.term = number();
    expect(out_.term > 0);
    switch (out_.what) {
    case kind::append:
      append();
      break;
    case kind::append_result:
      out_.rejected = number();
      out_.last_index = number();
      break;
    case kind::vote:
      flags(pre_vote_flag | disrupt_flag);
      end_of_log();
      break;
    case kind::vote_result:
      flags(pre_vote_flag | granted_flag);
      break;
    case kind::install:
      install();
      break;
    case kind::timeout_now:
      end_of_log();
      break;
    default:
      expect(false);
    }
    return std::move(out_);
  }

  bool well() const { return well_ && !in_.failed(); }

private:
  void expect(bool what) { well_ = well_ && what; }

  std::uint64_t number() {
    auto out = in_.varint();
    expect(out <= number_max);
    return out;
  }

  void flags(std::uint8_t known) {
    auto x = in_.u8();
    expect((x & ~known) == 0);
    out_.pre_vote = (x & pre_vote_flag) != 0;
    out_.disrupt = (x & disrupt_flag) != 0;
    out_.granted = (x & granted_flag) != 0;
  }

  /// Both or neither are zero.
  void position(std::uint64_t& index, std::uint64_t& term) {
    index = number();
    term = number();
    expect((index == 0) == (term == 0) && term <= out_.term);
  }

  void end_of_log() { position(out_.last_index, out_.last_term); }

  void append() {
    position(out_.prev_index, out_.prev_term);
    out_.leader_commit = number();
    auto count = number();
    expect(count <= entries_of_message_max);
    auto term = out_.prev_term;
    for (std::uint64_t i = 0; i < count && well(); ++i) {
      log_entry x;
      x.term = number();
      x.type = in_.u8();
      x.payload = std::make_shared<const std::string>(in_.bytes());
      expect(x.term > 0 && x.term >= term && x.term <= out_.term);
      expect(x.type >= 1 && x.type <= 3);
      if (is(x, entry_type::configuration))
        expect(decodes(*x.payload));
      term = x.term;
      out_.entries.push_back(std::move(x));
    }
  }

  void install() {
    position(out_.floor.index, out_.floor.term);
    out_.floor.configuration = in_.bytes();
    out_.floor.configuration_index = number();
    expect(out_.floor.index > 0
           && out_.floor.configuration_index <= out_.floor.index
           && decodes(out_.floor.configuration));
  }

  decoder& in_;
  message out_;
  bool well_ = true;
};

} // namespace

void encode(const message& what, std::string& to) {
  encoder out{to};
  out.u8(static_cast<std::uint8_t>(what.what)).varint(what.term);
  switch (what.what) {
  case kind::append:
    out.varint(what.prev_index)
      .varint(what.prev_term)
      .varint(what.leader_commit)
      .varint(what.entries.size());
    for (const auto& x : what.entries)
      out.varint(x.term).u8(x.type).bytes(*x.payload);
    break;
  case kind::append_result:
    out.varint(what.rejected).varint(what.last_index);
    break;
  case kind::vote:
    out.u8(flags_of(what)).varint(what.last_index).varint(what.last_term);
    break;
  case kind::vote_result:
    out.u8(flags_of(what));
    break;
  case kind::install:
    out.varint(what.floor.index)
      .varint(what.floor.term)
      .bytes(what.floor.configuration)
      .varint(what.floor.configuration_index);
    break;
  case kind::timeout_now:
    out.varint(what.last_index).varint(what.last_term);
    break;
  }
}

result<message> decode_message(decoder& in) {
  reader from{in};
  auto out = from.read();
  if (!from.well())
    return error{errc::bad_frame, "expected a message of a Raft group"};
  return out;
}

} // namespace iris::cluster::raft
