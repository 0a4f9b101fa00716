#pragma once

#include "clients/cpp/events.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace iris::sim {

/// What one device saw and did, in its order. The judge of a run: it knows the
/// protocol and nothing of the server (reliability.md, I1 to I5).
class history {
public:
  /// Names a device, e.g. "alice/phone".
  using device = std::string;

  void submitted(const device& by, const message_id& id,
                 const std::string& conversation_label,
                 const std::string& body);
  void answered(const device& by, const protocol::sent& what);
  /// For good: it must not have been taken.
  void refused(const device& by, const message_id& id, errc why);
  void received(const device& by, inbox_offset at, const protocol::item& what);
  /// It asks, as its n-th request, for the history of a conversation.
  void asked(const device& by, std::uint64_t n, const conversation_id& about);
  void told(const device& by, const protocol::history_page& what);
  /// The app started again: it forgot what was unanswered, and may be shown
  /// again what it had.
  void restarted(const device& by);

  /// Everything that is wrong, a sentence each. Ask when all faults are over,
  /// and everything should have arrived.
  std::vector<std::string> judge() const;

  std::size_t acknowledged() const noexcept { return answers_.size(); }
  std::size_t delivered() const noexcept { return delivered_; }
  std::size_t delivered_in_groups() const noexcept { return in_groups_; }
  std::size_t submissions() const noexcept { return submissions_made_; }
  std::size_t reads() const noexcept { return reads_; }

private:
  struct submission {
    device by;
    std::string label;
    std::string body;
    std::size_t order = 0;
    bool forgotten = false;
  };

  struct arrival {
    inbox_offset at;
    protocol::item item;
  };

  using problems = std::vector<std::string>;

  void judge_answers(problems& out) const;
  void judge_order(problems& out) const;
  void judge_inboxes(problems& out) const;
  void judge_arrival(problems& out) const;
  void judge_senders(problems& out) const;
  void judge_members(problems& out) const;
  static std::string user_of(const device& x) {
    return x.substr(0, x.find('/'));
  }

  std::size_t submissions_made_ = 0;
  std::size_t delivered_ = 0;
  std::size_t in_groups_ = 0;
  std::size_t reads_ = 0;
  std::map<message_id, submission> submissions_;
  std::map<message_id, std::vector<protocol::sent>> answers_;
  std::map<message_id, errc> refusals_;
  std::map<device, std::vector<arrival>> arrivals_;
  std::set<device> restarted_; ///< and has not reached anything new since
  problems shown_again_;
  /// How far conversations are, by what anybody was told; what whoever asks
  /// then has to be told at least.
  std::map<conversation_id, sequence> told_;
  std::map<std::pair<device, std::uint64_t>, sequence> asked_;
  problems stale_;
};

} // namespace iris::sim
