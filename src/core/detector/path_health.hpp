// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace rollcall::core {

/// How well this node's own pings are answered, compared with how well others' are: whether it is
/// this node's network that is at fault.
///
/// Samples are pings to members chosen at random, so that one dead neighbour or one cut pair does
/// not show. Every ack says which share of its sender's samples stayed unanswered.
///
/// Units:  shares lost in 1/255.
/// Limits: a sample a second, the last window of them; the last reports_kept reports.
/// Source: Page, "Continuous Inspection Schemes", Biometrika 1954 (CUSUM), for when losses are too
///         many to be chance; the comparison of oneself with others is Lifeguard's (section 4, "who
///         is slow?"); measuring it by answered pings is ours (PROTOCOL.md, "Standing aside").
class PathHealth {
 public:
  static constexpr std::size_t window = 24;
  /// Told while there are few samples: whoever has just begun is not one that loses nothing.
  static constexpr std::uint8_t unknown_share = 255;
  static constexpr std::size_t reports_kept = 16;
  static constexpr std::size_t reports_needed = 5;
  static constexpr std::size_t reporters_needed = 3;
  /// A sample more often would make a window of a moment.
  static constexpr Duration sample_spacing = std::chrono::seconds(1);
  /// A sample unanswered for this long is lost.
  static constexpr Duration answer_time = std::chrono::seconds(1);

  [[nodiscard]] bool wants_sample(Instant now) const { return now >= next_sample_; }
  /// A sample has gone out; unanswered until then it counts as lost.
  void expect(std::uint32_t sequence, Instant now, Instant until);
  /// A ping was answered; one that was not expected here changes nothing.
  void on_answer(std::uint32_t sequence, Instant now);
  /// This node did not run: it may have missed the answers.
  void on_pause() { open_.clear(); }
  /// What a member said of its own samples.
  void on_report(const LifeId& member, std::uint8_t lost, Instant now);
  void on_deadline(Instant now);
  [[nodiscard]] Instant next_deadline() const;

  /// The share of the samples that stayed unanswered; unknown_share while there are few.
  [[nodiscard]] std::uint8_t lost() const;
  /// Four of five pings rather than half are lost, and others, in the same time, lose at most one
  /// of sixteen: whatever is wrong is here. Found when a ping is lost, by what others said between
  /// the first of the lost ones and it: whoever hears nothing at all does not know how others
  /// fare, and what they say once a cut is over is no measure of the pings lost in it.
  [[nodiscard]] bool is_unfit() const { return unfit_; }
  /// There is something to find out: the next sample should not wait for a probe that fails.
  [[nodiscard]] bool is_worried() const;
  /// Hardly any of the latest pings was answered: for a quarter of a minute, and not a moment.
  [[nodiscard]] bool is_poor() const;
  /// Of a full window hardly more was lost than others lose.
  [[nodiscard]] bool is_sound() const;
  /// Enough of the latest pings were answered to trust silence at all: half, or fewer where others
  /// lose as many.
  [[nodiscard]] bool may_judge(Instant now) const;
  /// Samples answered, of those in the window.
  [[nodiscard]] std::size_t answered() const { return answered_of_last(count_); }
  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  struct Open {
    std::uint32_t sequence = 0;
    Instant sent{};
    Instant until{};
  };
  struct Report {
    LifeId member;
    std::uint8_t lost = 0;
    Instant at{};
  };

  void add(bool is_answered, Instant now);
  [[nodiscard]] std::size_t answered_of_last(std::size_t samples) const;
  [[nodiscard]] bool is_far_below(Instant sent) const;
  /// The middle one of what others said they lose; nothing if too few spoke.
  [[nodiscard]] std::optional<std::uint8_t> lost_by_others(Instant from, Instant to) const;
  /// When the oldest of the latest samples was added, of a full window.
  [[nodiscard]] Instant begin_of_late() const;

  std::vector<Open> open_;
  Instant next_sample_{};
  bool unfit_ = false;
  /// How much likelier four lost of five are than half, since that was last least likely.
  double score_ = 0;
  std::uint32_t answers_ = 0;  // a bit a sample, the latest lowest
  std::size_t count_ = 0;
  std::array<Instant, window> times_{};  // when each sample was added, in turn
  std::size_t next_time_ = 0;
  std::array<Report, reports_kept> reports_{};
  std::size_t reports_count_ = 0;
};

}  // namespace rollcall::core
