// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/runner_verdict.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "lab/scenario_values.hpp"
#include "sim/cluster.hpp"

namespace rollcall::lab {
namespace {

/// To the microsecond: "3.390327s".
std::string seconds_text(Duration duration) {
  return number_text(std::round(to_seconds(duration) * 1e6) / 1e6) + "s";
}

/// Collects what is broken, each with what was found and what was allowed.
class Judge {
 public:
  void object(std::string_view key, const std::string& found, const std::string& allowed) {
    broken_.push_back("expect." + std::string(key) + ": found " + found + "; allowed: at most " +
                      allowed);
  }
  void bound(std::string_view key, std::size_t found, std::optional<std::size_t> most) {
    if (most && found > *most) object(key, std::to_string(found), std::to_string(*most));
  }
  void bound(std::string_view key, double found, std::optional<double> most) {
    const double rounded = std::round(found * 10) / 10;
    if (most && found > *most) object(key, number_text(rounded), number_text(*most));
  }
  void bound(std::string_view key, Duration found, std::optional<Duration> most) {
    if (most && found > *most) object(key, seconds_text(found), duration_text(*most));
  }
  /// The slowest of all, and none may be missing.
  void slowest(std::string_view key, const std::vector<Duration>& times, std::size_t unknown,
               std::optional<Duration> most) {
    if (!most) return;
    if (unknown > 0) {
      return object(key, std::to_string(unknown) + " not known to everybody at the end",
                    duration_text(*most));
    }
    if (!times.empty()) bound(key, std::ranges::max(times), most);
  }
  void percentile(std::string_view key, const std::vector<Duration>& times, double share,
                  std::optional<Duration> most) {
    if (!times.empty()) bound(key, sim::percentile(times, share), most);
  }

  std::vector<std::string> take() { return std::move(broken_); }

 private:
  std::vector<std::string> broken_;
};

void judge_convergence(Judge& judge, const Scenario& scenario, const Measurements& measured) {
  const auto within = scenario.expect.converged_within;
  if (!within) return;
  constexpr std::string_view key = "converged-within";
  if (!measured.convergence) {
    judge.object(key, "no agreement at the end: " + measured.gap_at_end, duration_text(*within));
  } else if (!measured.gap_at_end.empty()) {
    judge.object(key, "agreement that was lost again: " + measured.gap_at_end,
                 duration_text(*within));
  } else {
    judge.bound(key, *measured.convergence, within);
  }
}

}  // namespace

std::vector<std::string> judge(const Scenario& scenario, const Measurements& measured) {
  const Expectations& expect = scenario.expect;
  Judge judge;
  judge_convergence(judge, scenario, measured);
  judge.slowest("crash-known-within", measured.crash_detection, measured.unknown_crashes,
                expect.crash_known_within);
  judge.slowest("silence-known-within", measured.silence_detection, measured.unknown_silences,
                expect.silence_known_within);
  judge.slowest("settings-agreed-within", measured.settings_agreement, measured.unsettled_changes,
                expect.settings_agreed_within);
  judge.bound("false-failures", measured.false_failures, expect.false_failures);
  judge.bound("failures-of-living", measured.failures_of_living, expect.failures_of_living);
  judge.bound("suspicions", measured.suspicions, expect.suspicions);
  judge.bound("bytes-per-second", measured.bytes_per_second, expect.bytes_per_second);
  judge.bound("datagrams-per-second", measured.datagrams_per_second, expect.datagrams_per_second);
  return judge.take();
}

std::optional<Spread> spread_of(const std::vector<Duration>& times) {
  if (times.empty()) return std::nullopt;
  return Spread{.count = times.size(),
                .median = sim::percentile(times, 0.5),
                .p99 = sim::percentile(times, 0.99),
                .max = std::ranges::max(times)};
}

std::vector<std::string> judge_together(const Scenario& scenario,
                                        const std::vector<RunResult>& runs) {
  std::vector<Duration> first;
  std::vector<Duration> all;
  for (const RunResult& run : runs) {
    first.insert(first.end(), run.measured.first_detection.begin(),
                 run.measured.first_detection.end());
    all.insert(all.end(), run.measured.detection.begin(), run.measured.detection.end());
  }
  const Expectations& expect = scenario.expect;
  Judge judge;
  judge.percentile("first-detection-median", first, 0.5, expect.first_detection_median);
  judge.percentile("first-detection-p99", first, 0.99, expect.first_detection_p99);
  judge.percentile("detection-median", all, 0.5, expect.detection_median);
  judge.percentile("detection-p99", all, 0.99, expect.detection_p99);
  return judge.take();
}

}  // namespace rollcall::lab
