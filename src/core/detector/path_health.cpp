// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/detector/path_health.hpp"

#include <algorithm>
#include <bit>
#include <set>

namespace rollcall::core {
namespace {

constexpr std::size_t samples_to_speak = 8;
constexpr std::size_t samples_to_judge = 8;
constexpr std::size_t answers_to_judge = 4;
constexpr std::size_t answers_to_judge_under_loss = 2;
constexpr std::uint8_t lost_under_loss = 255 / 5;
constexpr std::size_t samples_of_late = 16;
constexpr std::size_t answers_poor = 2;
/// Logarithms of likelihood ratios, one answered of five against 0.45, as when a third is lost each
/// way: ln(0.8 / 0.55) and ln(0.2 / 0.45). A member that loses so much that one of five is answered
/// reaches the limit after about 50 samples; one with a half answered after days.
constexpr double score_of_a_loss = 0.375;
constexpr double score_of_an_answer = -0.811;
constexpr double score_unfit = 7;
/// Above it there is nothing more to prove, and a network that is mended should soon be trusted.
constexpr double score_max = 7.5;
constexpr std::uint8_t lost_by_the_well = 255 / 16;
/// What a sound member may lose above what others lose: two samples of a window.
constexpr unsigned lost_above_others = 255 * 2 / PathHealth::window;

static_assert(PathHealth::window <= 32, "the answers are bits of one word");

}  // namespace

void PathHealth::expect(std::uint32_t sequence, Instant now, Instant until) {
  next_sample_ = now + sample_spacing;
  open_.push_back({sequence, now, until});
}

void PathHealth::on_answer(std::uint32_t sequence, Instant now) {
  const auto found = std::ranges::find(open_, sequence, &Open::sequence);
  if (found == open_.end()) return;
  open_.erase(found);
  add(true, now);
  unfit_ = false;
}

void PathHealth::on_report(const LifeId& member, std::uint8_t lost, Instant now) {
  if (lost == unknown_share) return;
  reports_[reports_count_++ % reports_kept] = {member, lost, now};
}

void PathHealth::on_deadline(Instant now) {
  for (const Open& ping : open_) {
    if (ping.until > now) continue;
    add(false, now);
    unfit_ = is_far_below(ping.sent);
  }
  std::erase_if(open_, [now](const Open& ping) { return ping.until <= now; });
}

Instant PathHealth::next_deadline() const {
  Instant earliest = never;
  for (const Open& ping : open_) earliest = std::min(earliest, ping.until);
  return earliest;
}

void PathHealth::add(bool is_answered, Instant now) {
  score_ =
      std::clamp(score_ + (is_answered ? score_of_an_answer : score_of_a_loss), 0.0, score_max);
  answers_ = answers_ << 1U | std::uint32_t{is_answered};
  count_ = std::min(count_ + 1, window);
  times_[next_time_++ % window] = now;
}

std::size_t PathHealth::answered_of_last(std::size_t samples) const {
  const std::uint32_t mask = samples >= 32 ? ~0U : (1U << samples) - 1;
  return static_cast<std::size_t>(std::popcount(answers_ & mask));
}

std::uint8_t PathHealth::lost() const {
  if (count_ < samples_to_speak) return unknown_share;
  return static_cast<std::uint8_t>((count_ - answered()) * (unknown_share - 1) / count_);
}

std::optional<std::uint8_t> PathHealth::lost_by_others(Instant from, Instant to) const {
  std::vector<std::uint8_t> fresh;
  std::set<LifeId> members;
  for (std::size_t i = 0; i < std::min(reports_count_, reports_kept); ++i) {
    const bool is_of_then = from <= reports_[i].at && reports_[i].at <= to;
    if (!is_of_then) continue;
    fresh.push_back(reports_[i].lost);
    members.insert(reports_[i].member);
  }
  if (fresh.size() < reports_needed || members.size() < reporters_needed) return std::nullopt;
  const auto middle = fresh.begin() + static_cast<std::ptrdiff_t>(fresh.size() / 2);
  std::ranges::nth_element(fresh, middle);
  return *middle;
}

Instant PathHealth::begin_of_late() const {
  return times_[(next_time_ + window - samples_of_late) % window];  // zero if there are fewer
}

bool PathHealth::is_far_below(Instant sent) const {
  if (count_ < samples_of_late || score_ < score_unfit) return false;
  const auto others = lost_by_others(begin_of_late(), sent);
  return others && *others <= lost_by_the_well;
}

bool PathHealth::is_worried() const {
  return score_ > 0;
}

bool PathHealth::is_poor() const {
  return count_ >= samples_of_late && answered_of_last(samples_of_late) <= answers_poor;
}

bool PathHealth::is_sound() const {
  if (count_ < window) return false;
  const auto others = lost_by_others(begin_of_late(), Instant::max());
  return lost() <= others.value_or(0) + lost_above_others;
}

bool PathHealth::may_judge(Instant now) const {
  const std::size_t answers = answered_of_last(samples_to_judge);
  if (count_ < samples_to_judge || answers >= answers_to_judge) return true;
  if (answers < answers_to_judge_under_loss) return false;
  return lost_by_others(begin_of_late(), now).value_or(0) >= lost_under_loss;
}

}  // namespace rollcall::core
