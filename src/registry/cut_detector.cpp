// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/cut_detector.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "registry/mutants.hpp"

namespace rollcall::registry {

CutDetector::CutDetector(CutConfig config) : config_(config) {
  ROLLCALL_CHECK(config.low >= 1 && config.low <= config.high && config.high <= reports_max);
  ROLLCALL_CHECK(config.report_lifetime > config.patience + config.settle);
}

void CutDetector::set_members(const Group& cluster, Instant now) {
  Subjects next;
  for (const auto& [standing, member] : cluster.members()) {
    const auto known = subjects_.find(member.spec.id);
    const bool is_same = known != subjects_.end() && known->second.life == member.spec.life;
    Subject subject{.life = member.spec.life, .heard = now, .reports = {}};
    if (is_same) subject = std::move(known->second);
    next.emplace(member.spec.id, std::move(subject));
  }
  subjects_ = std::move(next);
  std::erase_if(reported_, [&](const std::string& name) { return !subjects_.contains(name); });
  for (auto& [name, subject] : subjects_) {
    std::erase_if(subject.reports,
                  [&](const auto& report) { return !subjects_.contains(report.first); });
  }
}

void CutDetector::on_heard(std::string_view member, Instant now) {
  if (Subject* const subject = find(member)) subject->heard = now;
}

void CutDetector::on_silent(std::string_view member) {
  if (Subject* const subject = find(member)) subject->heard = never;
}

void CutDetector::on_report(std::string_view observer, std::string_view subject, const Life& life,
                            Instant now) {
  Subject* const reported = find(subject);
  if (find(observer) == nullptr || reported == nullptr || observer == subject) return;
  on_heard(observer, now);
  if (reported->life != life) return;
  const auto known = reported->reports.find(observer);
  if (known != reported->reports.end()) {
    known->second = now;
  } else if (reported->reports.size() < reports_max) {
    reported->reports.emplace(observer, now);
    reported_.emplace(subject);
  }
}

void CutDetector::on_withdrawn(std::string_view observer, std::string_view subject) {
  Subject* const reported = find(subject);
  if (reported == nullptr) return;
  const auto known = reported->reports.find(observer);
  if (known != reported->reports.end()) reported->reports.erase(known);
}

void CutDetector::on_left(std::string_view member, const Life& life, Instant now) {
  Subject* const subject = find(member);
  if (subject == nullptr || subject->life != life) return;
  subject->is_leaving = true;
  subject->heard = now;
  reported_.emplace(member);
}

std::vector<ClusterRemoval> CutDetector::take_cut(Instant now) {
  checked_ = now;
  forget_old_reports(now);
  if (reported_.empty() || sort_out(now)) return {};
  std::vector<ClusterRemoval> cut;
  Instant first = never;
  Instant last = Instant::min();
  for (const std::string& name : reported_) {
    const Subject& subject = subjects_.find(name)->second;
    if (subject.is_cut || subject.settled_since == never) continue;
    first = std::min(first, subject.settled_since);
    last = std::max(last, subject.settled_since);
    cut.push_back({.id = name,
                   .life = subject.life,
                   .cause = subject.is_leaving ? Cause::left : Cause::failed});
  }
  if (cut.empty()) return {};
  const bool is_quiet = now - last >= config_.settle;
  if (!is_quiet && now - first < config_.patience) return {};
  for (const ClusterRemoval& one : cut) subjects_.find(one.id)->second.is_cut = true;
  return cut;
}

void CutDetector::on_cut_refused() {
  for (auto& [name, subject] : subjects_) subject.is_cut = false;
}

void CutDetector::clear() {
  subjects_.clear();
  reported_.clear();
  checked_ = Instant::min();
}

bool CutDetector::sort_out(Instant now) {
  const std::size_t enough = high(now);
  const std::size_t some = low(now);
  bool is_waiting = false;
  for (const std::string& name : reported_) {
    Subject& subject = subjects_.find(name)->second;
    if (subject.is_cut) continue;
    const std::size_t count = subject.reports.size();
    const bool is_settled = subject.is_leaving || count >= enough;
    const bool is_between = !is_settled && count >= some;
    subject.settled_since = is_settled ? std::min(subject.settled_since, now) : never;
    subject.waiting_since = is_between ? std::min(subject.waiting_since, now) : never;
    is_waiting = is_waiting || (is_between && now - subject.waiting_since < config_.patience);
  }
  return is_waiting;
}

void CutDetector::forget_old_reports(Instant now) {
  for (auto at = reported_.begin(); at != reported_.end();) {
    Subject& subject = subjects_.find(*at)->second;
    std::erase_if(subject.reports, [&](const auto& report) {
      return now - report.second >= config_.report_lifetime;
    });
    const bool is_over = subject.reports.empty() && !subject.is_leaving && !subject.is_cut;
    if (is_over) subject.settled_since = subject.waiting_since = never;
    at = is_over ? reported_.erase(at) : std::next(at);
  }
}

Instant CutDetector::next_deadline() const {
  Instant next = never;
  const auto consider = [&](Instant begin, Duration time) {
    if (begin != never && begin + time > checked_) next = std::min(next, begin + time);
  };
  for (const std::string& name : reported_) {
    const Subject& subject = subjects_.find(name)->second;
    if (!subject.is_cut) {
      consider(subject.settled_since, config_.settle);
      consider(subject.settled_since, config_.patience);
      consider(subject.waiting_since, config_.patience);
    }
    for (const auto& [observer, when] : subject.reports) consider(when, config_.report_lifetime);
  }
  if (reported_.empty()) return next;
  for (const auto& [name, subject] : subjects_) consider(subject.heard, config_.voice_lifetime);
  return next;
}

std::size_t CutDetector::voices(Instant now) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      subjects_, [&](const auto& one) { return has_voice(one.second, now); }));
}

std::size_t CutDetector::high(Instant now) const {
  if (is_mutant(Mutant::one_report_cuts)) return 1;
  const std::size_t majority = voices(now) / 2 + 1;
  const std::size_t others = subjects_.size() < 2 ? 1 : subjects_.size() - 1;
  return std::min({config_.high, majority, others});
}

std::size_t CutDetector::low(Instant now) const {
  return std::max<std::size_t>(1, config_.low * high(now) / config_.high);
}

std::size_t CutDetector::reports(std::string_view subject, Instant now) const {
  const auto at = subjects_.find(subject);
  if (at == subjects_.end()) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(at->second.reports, [&](const auto& one) {
    return now - one.second < config_.report_lifetime;
  }));
}

CutDetector::Subject* CutDetector::find(std::string_view name) {
  const auto at = subjects_.find(name);
  return at == subjects_.end() ? nullptr : &at->second;
}

}  // namespace rollcall::registry
