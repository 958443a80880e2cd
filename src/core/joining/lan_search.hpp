// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

#include "core/context.hpp"

namespace rollcall::core {

/// Looks for members on the LAN, and lets others find this one: whoever looks casts `seek`, and
/// whoever is there and not known to it answers `here`.
///
/// Two groups that formed side by side on one LAN find each other, too: all members of a cluster
/// together cast one seek in about beacon_interval, however many they are. Nobody of the own
/// cluster answers that.
///
/// Limits: about answers_wanted answers to a seek; answers_burst_max answers at once, and
///         answers_per_second a second.
/// Source: PROTOCOL.md, "Joining".
class LanSearch {
 public:
  /// When a search casts, since its beginning.
  static constexpr std::array<Duration, 3> casts = {0ms, 250ms, 600ms};
  /// Answers count for so long after a seek.
  static constexpr Duration answer_time = std::chrono::seconds(2);
  static constexpr Duration beacon_interval = std::chrono::seconds(10);
  static constexpr Duration beacon_interval_max = std::chrono::hours(1);
  static constexpr std::size_t answers_wanted = 8;
  static constexpr unsigned answers_burst_max = 32;
  static constexpr unsigned answers_per_second = 32;
  /// A seeker whose datagram arrives by several ways is answered once.
  static constexpr Duration answer_gap = std::chrono::milliseconds(100);

  explicit LanSearch(Context& context) : context_(context) {}

  /// Begins to seek.
  void begin();
  /// Ends seeking; answers that are under way still count.
  void end() { next_cast_ = never; }
  /// From now on this node seeks from time to time, to find others that formed side by side.
  void begin_beacon();
  /// Ends all of it: not even answers that are under way count.
  void stop() {
    next_cast_ = never;
    next_beacon_ = never;
    listens_until_ = {};
  }

  /// Somebody seeks, and may find this node.
  void on_seek(const Address& from, const LifeId& seeker);
  /// Whether an answer of that life is of use: one was asked for, and the life is not known.
  [[nodiscard]] bool wants(const LifeId& life) const;

  void on_deadline();
  [[nodiscard]] Instant next_deadline() const { return std::min(next_cast_, next_beacon_); }

 private:
  struct Answered {
    LifeId life;
    Instant at{};
  };

  void cast();
  bool may_answer(const LifeId& seeker);
  [[nodiscard]] bool is_known(const LifeId& life) const;
  [[nodiscard]] Duration draw_beacon_delay();

  Context& context_;
  Instant began_{};
  std::size_t cast_count_ = 0;
  Instant next_cast_ = never;
  Instant next_beacon_ = never;
  /// Seeks of the past are answered until then.
  Instant listens_until_{};
  std::array<Answered, answers_wanted> answered_{};
  std::size_t next_answered_ = 0;
  double answers_left_ = answers_burst_max;
  Instant answers_counted_{};
};

}  // namespace rollcall::core
