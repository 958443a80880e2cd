// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rollcall/error.hpp"
#include "rollcall/event.hpp"
#include "rollcall/faults.hpp"
#include "rollcall/groups.hpp"
#include "rollcall/member.hpp"
#include "rollcall/options.hpp"
#include "rollcall/settings.hpp"
#include "rollcall/steadiness.hpp"
#include "rollcall/subscription.hpp"

namespace rollcall {

/// A thread that drives members. Members that share one share its thread; hundreds can.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  class Impl;
  [[nodiscard]] Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

enum class Phase : std::uint8_t {
  starting,
  joining,
  alone,
  joined,
  leaving,
  left,
  conflict,
  aside
};
/// "starting", "joining", …
std::string_view to_text(Phase phase);

/// How far a try to find the cluster has come.
enum class JoinStage : std::uint8_t {
  none,         // nothing is tried
  saved_peers,  // asking those that an earlier life knew
  seeds,        // asking those that were named
  hosts_file,   // asking those that the hosts file names
  lan,          // asking everybody on the LAN
  waiting       // nobody was found; the next try comes after a while
};
/// "none", "saved-peers", …
std::string_view to_text(JoinStage stage);
inline constexpr std::size_t join_stage_count = 6;

/// What became of one seed.
struct JoinAttempt {
  std::string seed;
  bool joined = false;
  /// "joined", "connection refused", "no such host", …
  std::string outcome;
};
struct JoinReport {
  std::vector<JoinAttempt> attempts;
};

/// How this member itself is doing.
struct Status {
  std::string cluster;
  std::string name;
  Phase phase{};
  JoinStage join_stage = JoinStage::none;
  /// How often each stage of a try has begun since the start, by its number.
  std::array<std::uint64_t, join_stage_count> join_stages{};
  /// 0 healthy, up to 8: how much its own slowness stretches this member's patience.
  unsigned health = 0;
  /// How late this member's own timers have been lately.
  std::chrono::nanoseconds loop_lag{0};
  std::chrono::nanoseconds uptime{0};
  /// The index of the newest event, 0 before the first.
  std::uint64_t event_index = 0;

  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t datagrams_refused = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t probes = 0;
  std::uint64_t probes_failed = 0;
  std::uint64_t suspicions = 0;
  std::uint64_t refutations = 0;
  std::uint64_t failures = 0;
  std::uint64_t pauses = 0;
  /// Datagrams and streams of another cluster, or of another version of the protocol.
  std::uint64_t wrong_cluster = 0;
  std::uint64_t wrong_version = 0;
  /// Thrown away on purpose (ClusterSettings::drop_rate).
  std::uint64_t datagrams_dropped = 0;
  /// Streams turned away: not rollcall's, too long, or too many at once.
  std::uint64_t streams_refused = 0;
  /// Faults on purpose that are in force at this member (set_faults).
  std::size_t faults = 0;
};

/// Events from one index on. gap is true when some between were no longer kept.
struct EventBatch {
  std::vector<std::shared_ptr<const Event>> events;
  bool gap = false;
};

/// One running member of a cluster, inside this process.
///
/// Threads: every function may be called from any thread, also from a callback. Functions that
///          wait say so; the protocol runs on its own thread and never waits for a caller.
///          JoinCallback, DoneCallback and SettingsCallback run on that thread (or at once, when
///          the call is refused at once): they should return soon, and what waits answers
///          not_allowed there.
///          Callbacks must not throw.
/// Errors:  values, never exceptions. After an error the agent is as it was before the call
///          unless ErrorCode says otherwise.
class Agent {
 public:
  /// Binds, reads the data directory and starts. With seeds, saved peers, a hosts file or
  /// broadcast, joining begins in the background and goes on until it succeeds; status().phase and
  /// status().join_stage tell.
  static std::expected<Agent, Error> create(Options options);

  Agent(Agent&&) noexcept;
  Agent& operator=(Agent&&) noexcept;
  /// Closes without leaving: to the others this member will have failed. Call leave() first.
  ~Agent();

  /// Joins through the first of the seeds that answers; waits for the outcome. Succeeds if at
  /// least one seed was joined.
  std::expected<JoinReport, Error> join(const std::vector<std::string>& seeds);
  using JoinCallback = std::function<void(std::expected<JoinReport, Error>)>;
  void join(const std::vector<std::string>& seeds, JoinCallback done);
  /// Ends every join under way, those in the background too.
  void cancel_join();

  /// Tells the others, waits until some acknowledged (at most Options::leave_timeout), and stays
  /// up: join() begins a new life.
  std::expected<void, Error> leave();
  using DoneCallback = std::function<void(std::expected<void, Error>)>;
  void leave(DoneCallback done);

  /// Turns a failed or suspected member into one that left, everywhere.
  std::expected<void, Error> force_leave(const std::string& name);
  void force_leave(const std::string& name, DoneCallback done);

  /// Replaces this member's tags, everywhere.
  std::expected<void, Error> set_tags(const Tags& tags);

  /// Changes what the cluster is tuned by, everywhere or for this member alone, and answers with
  /// what is in force then. Given a version, it changes nothing if another one is in force
  /// (version_mismatch); of one without an origin, only the number counts. Waits only for this
  /// member: the others follow within moments.
  std::expected<SettingsInForce, Error> change_settings(
      const SettingsChange& change, SettingsScope scope = SettingsScope::cluster,
      const std::optional<SettingsVersion>& expected = std::nullopt);
  using SettingsCallback = std::function<void(std::expected<SettingsInForce, Error>)>;
  void change_settings(const SettingsChange& change, SettingsScope scope,
                       const std::optional<SettingsVersion>& expected, SettingsCallback done);
  /// What is in force now; it never changes once taken.
  [[nodiscard]] std::shared_ptr<const SettingsInForce> settings() const;

  /// Sets what shall go wrong, on purpose, between this member and its network, in the place of
  /// all that was set before; an empty plan ends all. Every change is told as a protocol_warning.
  /// Errors: not_allowed unless Options::allow_faults; invalid_option naming the field.
  std::expected<void, Error> set_faults(const FaultPlan& plan);
  void set_faults(const FaultPlan& plan, DoneCallback done);
  [[nodiscard]] FaultsInForce faults() const;

  /// Everybody known now. Takes no lock that the protocol holds; cheap enough for each request.
  [[nodiscard]] MemberList members() const;
  [[nodiscard]] Status status() const;
  /// Who is suspected, and who has flapped lately, by name. Waits for the protocol's thread.
  [[nodiscard]] std::expected<std::vector<Steadiness>, Error> unsteady() const;
  using UnsteadyCallback = std::function<void(std::expected<std::vector<Steadiness>, Error>)>;
  void unsteady(UnsteadyCallback done) const;
  /// The address that others are told, with the real port.
  [[nodiscard]] std::string address() const;
  /// The options that this member was started with, defaults and found values filled in.
  [[nodiscard]] const Options& options() const;

  /// Calls back for each event from now on, in order, one at a time, on one thread of the
  /// agent's own. The callback may call anything here, end its subscription, even destroy the
  /// agent; and it may take its time: up to Options::events_kept events wait, and when older ones
  /// had to go, a protocol_warning says how many.
  [[nodiscard]] Subscription subscribe(std::function<void(const Event&)> callback);
  /// Kept events with an index above since, at most max of them. Does not wait.
  [[nodiscard]] EventBatch events_since(std::uint64_t since, std::size_t max = 1024) const;
  /// Calls back (on the protocol's thread: return at once, do not call the agent) whenever
  /// events_since() may have more to give.
  [[nodiscard]] Subscription on_new_events(std::function<void()> wake);

  /// Views, leaders and groups, where Options::agreement is on; else null. Valid as long as the
  /// agent.
  [[nodiscard]] Groups* groups() const;

  /// Stops without leaving. Everything called after it answers ErrorCode::closed.
  void close();

 private:
  class Impl;
  explicit Agent(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace rollcall
