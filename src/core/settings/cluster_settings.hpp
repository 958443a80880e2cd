// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rollcall::core {

using namespace std::chrono_literals;

/// How silence is noticed. Both kinds feed the same suspicions, and members of either answer the
/// messages of the other.
enum class DetectorKind : std::uint8_t {
  pingack = 0,  // a ring neighbour is asked once an interval
  gossip = 1    // heartbeat counters that spread by push-pull
};
std::string_view to_text(DetectorKind kind);

/// How heartbeats travel (detector gossip).
enum class HeartbeatCast : std::uint8_t {
  unicast = 0,   // to random members
  broadcast = 1  // to the whole LAN at once; to random members where that does not reach
};
std::string_view to_text(HeartbeatCast cast);

/// Whose settings are newer: the higher number; at equal numbers, made at once by two members, the
/// higher origin. Number 0 is what each member was started with, which travels nowhere.
struct SettingsVersion {
  std::uint64_t number = 0;
  LifeId origin;
  auto operator<=>(const SettingsVersion&) const = default;
};

/// What a cluster is tuned by, as one value: a change made at one member reaches all.
struct ClusterSettings {
  DetectorKind detector = DetectorKind::pingack;
  bool suspicion_enabled = true;
  /// P: the pause that is tolerated (profile rollcall). Zero means auto: 2 s.
  Duration suspicion_time = 0s;

  /// T': each member is probed about once per interval.
  Duration probe_interval = 1s;
  /// The most a probe waits for an answer; measured round trips shorten it (profile rollcall).
  Duration probe_timeout = 500ms;
  /// k: helpers asked when a probe stays unanswered.
  std::size_t indirect_probes = 3;

  /// The time between two rounds of heartbeats (detector gossip); the tick of profile swim, and
  /// the shortest time between two bursts of eager pushes' repeats.
  Duration gossip_interval = 200ms;
  /// Members told in a round; 0 means auto (1 for heartbeats, 3 for swim, about ln N + 3 for
  /// eager pushes).
  std::size_t gossip_fanout = 0;
  /// How long a heartbeat may stand still before its member is doubted (detector gossip). Zero
  /// means auto: from the number of members, interval and fanout (PROTOCOL.md, "Heartbeats").
  Duration fail_time = 0s;
  /// Phi at which a member is doubted, by the distribution of its heartbeats' arrivals, instead of
  /// fail_time; 0 turns that off (PROTOCOL.md, "Heartbeats").
  double accrual_threshold = 0;
  HeartbeatCast heartbeat_cast = HeartbeatCast::unicast;

  /// How long failed and left members are listed and failed ones retried.
  Duration cleanup_time = 24h;
  /// The share of incoming datagrams that is thrown away, to see what happens. The core only
  /// carries it; the world heeds it.
  double drop_rate = 0;

  bool operator==(const ClusterSettings&) const = default;
};

/// What is asked to become different; what is not named stays.
struct SettingsChange {
  std::optional<DetectorKind> detector;
  std::optional<bool> suspicion_enabled;
  std::optional<Duration> suspicion_time;
  std::optional<Duration> probe_interval;
  std::optional<Duration> probe_timeout;
  std::optional<std::size_t> indirect_probes;
  std::optional<Duration> gossip_interval;
  std::optional<std::size_t> gossip_fanout;
  std::optional<Duration> fail_time;
  std::optional<double> accrual_threshold;
  std::optional<HeartbeatCast> heartbeat_cast;
  std::optional<Duration> cleanup_time;
  std::optional<double> drop_rate;
};
ClusterSettings apply(const SettingsChange& change, ClusterSettings to);

/// Settings with their version and whoever asked for them.
struct VersionedSettings {
  ClusterSettings settings;
  SettingsVersion version;
  /// The name of the member where they were changed; empty at number 0.
  std::string by;
  /// Changed for this member alone, since that version.
  bool is_local = false;
};

/// One setting that changed, as readers are told: "detector", "pingack", "gossip".
struct SettingDifference {
  std::string name;
  std::string from;
  std::string to;
};
/// In the order of the fields; names and values are those of a configuration file.
std::vector<SettingDifference> differences(const ClusterSettings& from, const ClusterSettings& to);
/// Every setting as its name and value.
std::vector<std::pair<std::string, std::string>> in_text(const ClusterSettings& settings);

}  // namespace rollcall::core
