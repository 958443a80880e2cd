// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

namespace rollcall::sim {

/// What has gone wrong in the world, and when: the truth by which checkers excuse.
///
/// Knows what it saw when it looked: call look() often (look_interval). What happened in between is
/// taken to have lasted from the look before to the look after.
///
/// Limits: in worlds of more than hosts_followed_max hosts it does not follow which pairs were
///         apart, and takes every pair to have been apart until the last healing.
class TroubleLog {
 public:
  static constexpr Duration look_interval = std::chrono::milliseconds(50);
  static constexpr std::size_t hosts_followed_max = 64;
  /// Trouble that comes back sooner is the same trouble: nobody may have heard that it was over.
  static constexpr Duration breath = std::chrono::seconds(2);

  explicit TroubleLog(const World& world) : world_(world) {}

  void look();

  /// The host's last trouble, from beginning to end (to now while it lasts); nothing if its
  /// process was never in trouble.
  struct Spell {
    Instant began{};
    std::optional<Instant> ended;
  };
  [[nodiscard]] std::optional<Spell> last_trouble(HostId host) const;
  /// When the path between two hosts was last seen broken; the beginning of time if never.
  [[nodiscard]] Instant last_apart(HostId one, HostId other) const;
  /// When the host was last seen cut off from any other whose process ran.
  [[nodiscard]] Instant last_apart_from_any(HostId host) const;

  /// When some running member's soundness, or a path between running members, last changed.
  [[nodiscard]] Instant calm_since() const { return calm_since_; }
  /// When anything last changed, beginnings and ends of processes and lives included.
  [[nodiscard]] Instant still_since() const { return still_since_; }

 private:
  struct Track {
    std::uint32_t run = 0;
    bool ran = false;
    LifeId life;
    core::Phase phase{};
    bool was_sound = true;
    std::optional<Spell> spell;
  };

  void follow(HostId host);
  void follow_soundness(Track& track, bool is_sound, HostId host);
  void follow_paths();
  [[nodiscard]] static std::size_t pair_index(HostId one, HostId other);
  void calm_ends();

  const World& world_;
  std::vector<Track> tracks_;
  /// By pair_index(); never for a pair that was always connected.
  struct Path {
    bool is_open = true;
    Instant last_apart{};
  };
  std::vector<Path> paths_;
  Instant last_look_{};
  Instant calm_since_{};
  Instant still_since_{};
};

}  // namespace rollcall::sim
