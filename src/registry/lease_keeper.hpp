// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.hpp"
#include "registry/commands.hpp"
#include "registry/registry.hpp"

namespace rollcall::registry {

enum class Heartbeat : std::uint8_t {
  renewed,        //
  not_leading,    // ask the leader
  no_such_lease,  // no such member, or one without a lease: join
  expiring,       // too late: its eviction is under way. Join again
};

/// The leader's knowledge of when each lease runs out. A heartbeat moves a deadline here and puts
/// nothing into the log, so that a hundred thousand clients cost no commits; a deadline that
/// passes becomes an Evict command, and only when that is committed is the lease over.
///
/// A new leader knows no deadlines and gives every lease its whole time anew: a lease may last
/// longer than its ttl, never shorter, by the leader's clock. The same after a pause: a leader
/// that was asleep cannot know which heartbeats wait unread. So time that it has slept through
/// counts for no lease; after a long sleep, each begins anew.
///
/// Before it answers `renewed`, the caller must be sure that it still leads (a confirmed read
/// later than the heartbeat, or a quorum heard within the election timeout): a heartbeat that a
/// deposed leader took is lost, and the client must learn to ask again.
///
/// Order:   `now` must not decrease. on_applied() after each apply() while it leads.
/// Limits:  one entry a lease; evictions_max leases a command.
/// Threads: none; the caller serialises calls.
/// Source:  Gray, Cheriton, "Leases", SOSP 1989; etcd keeps its leases likewise.
class LeaseKeeper {
 public:
  static constexpr std::size_t evictions_max = 1024;
  /// Later than this after a deadline, the caller was asleep, and what came meanwhile may be
  /// unread.
  static constexpr Duration lateness_min = std::chrono::milliseconds(50);
  /// After a longer sleep every lease begins anew.
  static constexpr Duration lateness_max = std::chrono::seconds(1);
  /// To read what has come meanwhile, leases get as long again, and so much at most.
  static constexpr Duration reading_time = std::chrono::milliseconds(100);
  /// For shorter sleeps leases get so much more in a row, and then half of the time that passes:
  /// they end even where the caller is late each time.
  static constexpr Duration credit_max = std::chrono::seconds(10);

  void on_leading(const Registry& registry, Instant now);
  void on_following();
  void on_applied(const Applied& applied, const Registry& registry, Instant now);
  Heartbeat on_heartbeat(std::string_view group, std::string_view id, Instant now);
  /// The caller knows that it has been asleep, for so long.
  void on_paused(Duration pause, Instant now);
  /// What to propose now, at most evictions_max leases; call again while next_deadline() is due.
  [[nodiscard]] std::optional<Evict> on_deadline(Instant now);
  /// An eviction that on_deadline() gave could not be committed while this replica leads on.
  void on_evict_failed(const Evict& evict, Instant now);

  [[nodiscard]] Instant next_deadline() const;
  [[nodiscard]] bool is_leading() const { return is_leading_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Lease {
    Duration ttl{};
    Instant deadline{};  // less credit_, as all of them
    std::uint64_t granted = 0;
    bool is_expiring = false;
  };
  /// Of one group, by id; the addresses of the keys stay.
  using Leases = std::map<std::string, Lease, std::less<>>;
  struct Due {
    Instant deadline{};
    std::string_view group;
    std::string_view id;

    auto operator<=>(const Due&) const = default;
  };

  void begin_anew(Instant now);
  void extend_all(Duration time, Instant now);
  void grant(std::string_view group, const Member& member, Instant now);
  void drop(std::string_view group, std::string_view id);
  void schedule(std::string_view group, std::string_view id, Lease& lease, Instant now);
  Lease* find(std::string_view group, std::string_view id);

  bool is_leading_ = false;
  std::map<std::string, Leases, std::less<>> groups_;
  std::set<Due> due_;  // those that are not expiring
  Duration credit_{};  // of all leases since it leads
  Duration credit_left_{};
  Instant credited_at_{};
  std::size_t size_ = 0;
};

}  // namespace rollcall::registry
