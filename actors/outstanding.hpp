#pragma once

#include "actors/conversation_machine.hpp"
#include "actors/rate_limit.hpp"
#include "protocol/frames.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace iris::actors {

/// Submissions to one conversation, in the order in which they came.
struct submit_list {
  conversation_id conversation;
  std::vector<submission> list;
  std::uint64_t tag = 0;
};

struct request {
  protocol::client_frame frame;
  std::uint64_t tag = 0;
};

struct status_request {
  std::vector<user_id> users;
  std::uint64_t tag = 0;
};

/// What a session asked for and has no answer to. What nobody carried out for
/// now it asks for again, until its deadline. Pure: no actor, no clock.
///
/// Invariants:
/// 1. Submissions to one conversation are carried out in the order in which
///    they came, or not at all, and are answered in that order: behind one that
///    is to be asked for again, later ones wait.
/// 2. Each is answered once.
/// 3. Asking again takes no more than `retries_per_second` of a node's time.
class outstanding {
public:
  using nanoseconds = std::chrono::nanoseconds;
  using command = std::variant<submit_list, request, status_request>;
  using answer = std::variant<protocol::sent, protocol::failed>;

  static constexpr std::uint32_t retries_per_second = 1024;

  class sink {
  public:
    virtual ~sink() = default;
    virtual void ask(command what) = 0;
    virtual void say(const protocol::server_frame& what,
                     std::string_view trace) = 0;
  };

  /// `salt` spreads what different ones ask for again.
  outstanding(sink& out, std::uint64_t salt) : out_(out), salt_(salt) {}

  /// Asks for it, at once or when its turn comes.
  void add(submit_list what, nanoseconds deadline);
  void add(protocol::client_frame what, std::uint64_t n, nanoseconds deadline);
  void add(const protocol::status& what, nanoseconds deadline);

  void answered(std::uint64_t tag, std::vector<answer> answers,
                nanoseconds now);
  void status_answered(std::uint64_t tag, const protocol::user_status& what);
  /// What the client called the request, if it is still waited for; it counts
  /// as answered.
  std::optional<std::uint64_t> take_request(std::uint64_t tag);
  /// It was not carried out.
  void refused(std::uint64_t tag, const error& why, nanoseconds now);
  /// It may have been carried out.
  void lost(std::uint64_t tag, const error& why, nanoseconds now);

  /// From now on refusals are passed on.
  void stop_retrying();
  void clear();

  /// Call it at `next_deadline`, or later.
  void tick(nanoseconds now);
  /// max() if there is nothing to wait for.
  nanoseconds next_deadline() const;

  /// Submissions and requests; a status request counts for each user.
  std::size_t size() const noexcept { return size_; }
  std::size_t requests() const noexcept { return requests_; }
  /// What is kept of submissions to ask for them again.
  std::size_t bytes() const noexcept { return bytes_; }

private:
  struct entry {
    nanoseconds deadline{0};
    command what;
    std::uint64_t n = 0; ///< of a request
    /// Of a status request: the answers so far, by position.
    std::vector<std::optional<protocol::user_status>> users;
    bool away = false;   ///< an answer may come
    bool unsure = false; ///< it may have been carried out
    error refused;       ///< if it was asked for
  };
  using entries = std::map<std::uint64_t, entry>;

  /// What may not overtake each other: a conversation's; others have a lane of
  /// their own, named by the tag.
  using lane = std::pair<conversation_id, std::uint64_t>;

  /// What waits to be asked for again. First the oldest alone: if it is carried
  /// out, the others follow.
  struct detour {
    nanoseconds due{0};
    unsigned attempts = 0;
    std::uint64_t probe = 0; ///< that is away; 0: none
    /// That are away as well. An answer to one of them may say that what waits
    /// comes too late.
    std::size_t others = 0;
    std::set<std::uint64_t> queue;
    error why; ///< of the oldest
  };

  static lane lane_of(const entries::value_type& what);
  static std::size_t weight_of(const entry& what);
  static std::size_t bytes_of(const entry& what);
  entries::iterator insert(entry what);
  entry take(entries::iterator i);
  void landed(entries::iterator i);
  void ask(entries::iterator i);
  void ask_in_turn(entries::iterator i);
  bool waits_for_retry(const lane& where, const message_id& id,
                       std::uint64_t ahead_of) const;
  std::size_t settled_of(const entries::value_type& what,
                         const std::vector<answer>& answers) const;
  void say_answers(const submit_list& to, const std::vector<answer>& answers,
                   std::size_t count);
  void put_off(entries::iterator i, const error& why, nanoseconds now);
  static const error& why_of(const entry& what, const detour& waits);
  void fail(entries::iterator i, const error& why);
  void fail_earlier(const entries::value_type& than, bool unsure_too);
  void done(const lane& where, std::uint64_t tag, bool served);
  void expire(nanoseconds now);

  sink& out_;
  const std::uint64_t salt_;
  std::uint64_t next_tag_ = 1;
  std::size_t size_ = 0;
  std::size_t requests_ = 0;
  std::size_t bytes_ = 0;
  bool retrying_ = true;
  rate_limit retries_{retries_per_second};
  /// By tag: the oldest first, and with them the earliest deadlines.
  entries entries_;
  std::map<lane, detour> detours_;
};

} // namespace iris::actors
