// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/error.hpp"
#include "rollcall/subscription.hpp"

namespace rollcall {

/// How the cluster looks after a client that does not send heartbeats itself.
enum class CheckType : std::uint8_t { none, tcp, http };
/// "none", "tcp", "http".
std::string_view to_text(CheckType type);

struct GroupCheck {
  CheckType type = CheckType::none;
  /// HOST:PORT, or an http:// URL; empty: the member's address (and path / for http). At most 512
  /// bytes.
  std::string target;
  /// 100 ms to 1 h.
  std::chrono::nanoseconds interval = std::chrono::seconds(5);
  /// Above 0, and at most the interval.
  std::chrono::nanoseconds timeout = std::chrono::seconds(2);
  /// So many misses in a row remove the member; 1 to 100.
  std::uint16_t misses = 3;
};

/// What a client says of itself when it joins a group.
struct GroupMemberSpec {
  /// Unique in the group. As a member's name: 1 to 128 letters, digits, '.', '_' or '-', beginning
  /// with a letter or digit.
  std::string id;
  /// Where it is reached, as its users read it: at most 256 bytes of UTF-8.
  std::string address;
  /// A member that is not heard of (heartbeat(), or joining again) for so long is removed; zero:
  /// it has no lease, and stays until it leaves or is removed. 100 ms to 24 h.
  std::chrono::nanoseconds ttl{0};
  /// At most 64 keys of up to 128 bytes, values of up to 1024, 4096 bytes together.
  std::map<std::string, std::string, std::less<>> meta;
  GroupCheck check;
};

struct GroupMember {
  GroupMemberSpec spec;
  /// The number of the view that it joined with: its own fencing token.
  std::uint64_t since = 0;
  /// The member of the cluster that looks after it; empty where nobody has to.
  std::string responsible;
};

/// An agreed membership: everybody who sees this number of this group sees this.
struct View {
  std::string group;
  /// Grows by one from view to view, and never goes back: a fencing token.
  std::uint64_t number = 0;
  /// The longest-standing member; empty where nobody is left.
  std::string leader;
  /// The longest-standing first.
  std::vector<std::string> members;
  /// "joined", "rejoined", "updated", "left", "expired", "check-failed", "failed", "removed".
  std::string cause;
  /// Of the log entry that made it.
  std::uint64_t term = 0;
  std::uint64_t index = 0;
};

struct Group {
  View view;
  std::vector<GroupMember> members;  // as in view.members
};

/// One more view of a group, and how it differs from the one before.
struct ViewChange {
  /// Larger groups of clients change too often to be told whole each time.
  static constexpr std::size_t members_told_max = 256;

  /// Its members are left out where there are more than members_told_max (but for `cluster`), and
  /// in the oldest of very many that changes() gives: then they follow from the view before, less
  /// `left`, with `joined` at the end.
  View view;
  struct Departure {
    std::string id;
    std::string cause;
  };
  std::vector<Departure> left;
  std::vector<GroupMember> joined;
  std::vector<GroupMember> updated;
};

/// What a committed request did.
struct GroupOutcome {
  /// False: all was so already; there is no new view.
  bool changed = false;
  std::string group;  // where `auto` put the member
  std::uint64_t view = 0;
  /// Join: whether the member leads its group now.
  bool leads = false;
};

/// Who decides for the whole cluster: the first member of the group `cluster`'s view.
struct ClusterLeader {
  std::string name;
  std::string address;
  std::uint64_t view = 0;
  std::uint64_t term = 0;
};

enum class Consistency : std::uint8_t {
  local,        // what this agent has applied; never waits, and works without a quorum
  linearizable  // at least everything that was committed before the call
};

struct AgreementStatus {
  std::string engine;  // "raft", "etcd"; "off"
  std::string log;     // 32 hexadecimal digits; empty: none was begun
  std::string role;    // "leader", "voter", "learner", "follower", "none"
  std::uint64_t term = 0;
  std::string leader;  // of the log: the member that commits
  std::uint64_t commit = 0;
  std::uint64_t applied = 0;
  std::vector<std::string> voters;
  std::vector<std::string> learners;
  /// For how long what this agent has may be out of date; nothing: it never was up to date.
  std::optional<std::chrono::nanoseconds> stale_for;
  /// Why writes are refused now, as a sentence; empty: they are not.
  std::string trouble;
};

/// The agreed side of a cluster, as this member has it: views, leaders, groups of clients.
///
/// Threads: any function from any thread. Callbacks run on the agreement's own thread, or at once
///          where a request is refused at once: they must return soon and must not throw. Functions
///          without a callback wait; called on that thread they answer not_allowed.
/// Errors:  no_quorum: nobody can decide now, and nothing was done. timeout: it may still happen;
///          who asks again with the same words does no harm. The other codes as in error.hpp. The
///          message says why in a sentence.
class Groups {
 public:
  Groups() = default;
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;
  virtual ~Groups() = default;

  template <class T>
  using Callback = std::function<void(std::expected<T, Error>)>;
  using Timeout = std::chrono::nanoseconds;
  static constexpr Timeout default_timeout = std::chrono::seconds(5);

  // --- writes: an answer means committed -------------------------------------------------------
  /// Joins the client to the group (`auto`: to the smallest one), begins or renews its lease, or
  /// changes what is known of it.
  virtual void join(const std::string& group, const GroupMemberSpec& member, Timeout timeout,
                    Callback<GroupOutcome> done) = 0;
  virtual void leave(const std::string& group, const std::string& id, Timeout timeout,
                     Callback<GroupOutcome> done) = 0;
  /// An operator takes a member out; the view's cause is "removed".
  virtual void remove(const std::string& group, const std::string& id, Timeout timeout,
                      Callback<GroupOutcome> done) = 0;
  /// Renews a lease. unknown_member: it has none (any more), and must join again.
  virtual void heartbeat(const std::string& group, const std::string& id, Timeout timeout,
                         Callback<void> done) = 0;

  // --- reads -----------------------------------------------------------------------------------
  /// By name; `cluster` is among them.
  virtual void list(Consistency consistency, Timeout timeout, Callback<std::vector<View>> done) = 0;
  /// unknown_member: there is no such group.
  virtual void get(const std::string& group, Consistency consistency, Timeout timeout,
                   Callback<Group> done) = 0;
  /// The views of the group `cluster` above `since`, oldest first: those still kept, and of a
  /// cluster of N members at most the latest 262,144 / N.
  virtual void views(std::uint64_t since, Callback<std::vector<View>> done) = 0;
  /// What followed view `after` of a group, oldest first, all that there is. gone: those are no
  /// longer kept, so begin with get(); unknown_member: no such group.
  virtual void changes(const std::string& group, std::uint64_t after,
                       Callback<std::vector<std::shared_ptr<const ViewChange>>> done) = 0;
  /// no_quorum while there is none. Does not wait.
  [[nodiscard]] virtual std::expected<ClusterLeader, Error> leader() const = 0;
  [[nodiscard]] virtual AgreementStatus status() const = 0;

  // --- news ------------------------------------------------------------------------------------
  /// Every view of every group from now on, each group's in order; null when views were skipped
  /// (this agent was far behind): look anew with changes() or get(). On the agreement's thread:
  /// return at once.
  using OnChange = std::function<void(const std::shared_ptr<const ViewChange>&)>;
  [[nodiscard]] virtual Subscription on_change(OnChange callback) = 0;
  /// The cluster's leader changed; nothing: there is none now. As on_change().
  using OnLeader = std::function<void(const std::optional<ClusterLeader>&)>;
  [[nodiscard]] virtual Subscription on_leader(OnLeader callback) = 0;

  // --- for callers that may wait ---------------------------------------------------------------
  std::expected<GroupOutcome, Error> join(const std::string& group, const GroupMemberSpec& member,
                                          Timeout timeout = default_timeout);
  std::expected<GroupOutcome, Error> leave(const std::string& group, const std::string& id,
                                           Timeout timeout = default_timeout);
  std::expected<void, Error> heartbeat(const std::string& group, const std::string& id,
                                       Timeout timeout = default_timeout);
  std::expected<Group, Error> get(const std::string& group,
                                  Consistency consistency = Consistency::local,
                                  Timeout timeout = default_timeout);
};

}  // namespace rollcall
