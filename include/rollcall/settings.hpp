// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

/// How silence is noticed: a member is asked (pingack), or its heartbeats are waited for (gossip).
enum class Detector : std::uint8_t { pingack, gossip };
/// "pingack", "gossip".
std::string_view to_text(Detector detector);

/// How heartbeats travel: to random members, or to the whole LAN at once.
enum class HeartbeatCast : std::uint8_t { unicast, broadcast };
/// "unicast", "broadcast".
std::string_view to_text(HeartbeatCast cast);

/// What a cluster is tuned by. Each member is started with settings of its own (Options), and a
/// change made at one member, while the cluster runs, reaches all.
struct ClusterSettings {
  Detector detector = Detector::pingack;
  bool suspicion = true;
  /// How long a pause of a member is tolerated; 0 means auto.
  std::chrono::nanoseconds suspicion_time{0};
  std::chrono::nanoseconds probe_interval = std::chrono::seconds(1);
  std::chrono::nanoseconds probe_timeout = std::chrono::milliseconds(500);
  std::size_t indirect_probes = 3;
  std::chrono::nanoseconds gossip_interval = std::chrono::milliseconds(200);
  /// 0 means auto.
  std::size_t gossip_fanout = 0;
  /// How long a heartbeat may stand still before its member is doubted (detector gossip); 0 means
  /// auto: from the size of the cluster.
  std::chrono::nanoseconds fail_time{0};
  /// Phi at which a member is doubted instead (detector gossip); 0 turns that off.
  double accrual_threshold = 0;
  HeartbeatCast heartbeat_cast = HeartbeatCast::unicast;
  /// How long failed and left members stay listed.
  std::chrono::nanoseconds cleanup_time = std::chrono::hours(24);
  /// Drops this share of incoming datagrams, to see what happens. 0 to 1.
  double drop_rate = 0;

  bool operator==(const ClusterSettings&) const = default;
};

/// Whose settings are newer: the higher number; at equal numbers, made at once by two members, the
/// higher origin. Number 0 is what each member was started with.
struct SettingsVersion {
  std::uint64_t number = 0;
  /// The id of the member's life in which they were changed, as Member::id; empty at number 0.
  std::string origin;

  bool operator==(const SettingsVersion&) const = default;
};

/// The settings that a member follows now.
struct SettingsInForce {
  ClusterSettings settings;
  SettingsVersion version;
  /// The name of the member where they were changed; empty at number 0.
  std::string by;
  /// Changed for this member alone, since that version.
  bool is_local = false;
};

/// What shall become different; what is not named stays.
struct SettingsChange {
  std::optional<Detector> detector;
  std::optional<bool> suspicion;
  std::optional<std::chrono::nanoseconds> suspicion_time;
  std::optional<std::chrono::nanoseconds> probe_interval;
  std::optional<std::chrono::nanoseconds> probe_timeout;
  std::optional<std::size_t> indirect_probes;
  std::optional<std::chrono::nanoseconds> gossip_interval;
  std::optional<std::size_t> gossip_fanout;
  std::optional<std::chrono::nanoseconds> fail_time;
  std::optional<double> accrual_threshold;
  std::optional<HeartbeatCast> heartbeat_cast;
  std::optional<std::chrono::nanoseconds> cleanup_time;
  std::optional<double> drop_rate;

  bool operator==(const SettingsChange&) const = default;
};

enum class SettingsScope : std::uint8_t {
  cluster,  // everybody's: a new version, which spreads
  local     // this member's alone, until the next version of everybody's
};

/// One setting that changed, named and written as in a configuration file: "detector", "pingack",
/// "gossip".
struct SettingDifference {
  std::string name;
  std::string from;
  std::string to;

  bool operator==(const SettingDifference&) const = default;
};

/// What an event of type protocol_changed tells.
struct SettingsNews {
  SettingsVersion from;
  SettingsVersion to;
  /// A change for this member alone.
  bool is_local = false;
  std::vector<SettingDifference> differences;
};

}  // namespace rollcall
