// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "cli/agent_client.hpp"
#include "cli/failure.hpp"

namespace rollcall::cli {

/// A client's place in a group.
struct GroupPlace {
  /// The command that acts for it, for messages.
  std::string what;
  std::string group;
  std::string id;
  /// The body of its joining.
  std::string body;
  std::chrono::nanoseconds ttl{0};
};

/// "/v1/groups/G/members/ID"
std::string member_target(const std::string& group, const std::string& id);

/// Goes on while the host sleeps, as leases do: std::chrono::steady_clock does not.
struct LeaseClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LeaseClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};

/// One client's lease in a group, kept by heartbeats on a thread of its own.
///
/// The time up to which it holds is counted, by this program's own clock, from before the request
/// that renewed it was sent: the agreed side counts from later, so it ends here first.
///
/// Threads: the functions by one; `news` is called by that of the heartbeats.
class GroupLease {
 public:
  using Clock = LeaseClock;

  /// `news`: it was lost.
  GroupLease(AgentOptions agent, GroupPlace place, std::function<void()> news = {});
  ~GroupLease();
  GroupLease(const GroupLease&) = delete;
  GroupLease& operator=(const GroupLease&) = delete;

  /// Joins, or joins again; heartbeats go on from then. The agent's answer.
  Outcome<Json> join();
  /// Ends the heartbeats, and lets the lease run out.
  void stop() { end(); }
  /// Ends the heartbeats and leaves.
  Outcome<Json> leave();

  /// Whoever asked does not have it any more: a heartbeat was refused.
  [[nodiscard]] bool is_lost() const;
  /// A heartbeat was asked for after the lease had ended by this program's clock, and taken: it may
  /// have renewed the lease of another that has come with the same id meanwhile. Until join().
  [[nodiscard]] bool has_lapsed() const;
  [[nodiscard]] Clock::time_point held_until() const;
  /// The group, as the agent named it: not `auto`.
  [[nodiscard]] const std::string& group() const { return place_.group; }

 private:
  void begin();
  void end();
  void beat();
  bool renew();

  AgentOptions agent_;
  GroupPlace place_;
  std::function<void()> news_;
  std::chrono::milliseconds patience_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Clock::time_point held_until_;
  bool is_lost_ = false;
  bool has_lapsed_ = false;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace rollcall::cli
