// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "lab/scenario.hpp"

namespace rollcall::lab {

/// What a run saw. Times are of virtual time.
struct Measurements {
  /// Of each death: until the first, and until the last survivor knew. A death is a crash or a
  /// lost machine of a member; its survivors are those who ran, were well and shared its side of
  /// any partition, for as long as that is so.
  std::vector<Duration> first_detection;
  std::vector<Duration> detection;
  /// The same, apart: processes that ended (their machine answers), and silent machines.
  std::vector<Duration> crash_detection;
  std::vector<Duration> silence_detection;
  /// Deaths that some survivor did not know of when the run ended.
  std::size_t unknown_crashes = 0;
  std::size_t unknown_silences = 0;

  /// Lives that somebody declared failed while they ran: well and within reach, or at all.
  std::size_t false_failures = 0;
  std::size_t failures_of_living = 0;
  /// Different suspicions (a life at an incarnation), and how many of them were refuted.
  std::size_t suspicions = 0;
  std::size_t refutations = 0;

  /// Of each change of settings: until all who could hear of it had the newest; and how many
  /// changes did not get so far.
  std::vector<Duration> settings_agreement;
  std::size_t unsettled_changes = 0;

  /// After the last change until all agreed; nothing if they did not.
  std::optional<Duration> convergence;
  /// What they disagreed about at the end; empty if nothing.
  std::string gap_at_end;
  std::size_t members_at_end = 0;

  /// Per member and second of its run: UDP payloads and frames on streams, without the headers
  /// of IP, UDP and TCP.
  double datagrams_per_second = 0;
  double bytes_per_second = 0;
};

struct RunResult {
  std::uint64_t seed = 0;
  /// What the checkers object to, a line each; empty when nothing.
  std::string violations;
  /// Each bound of the scenario that was not kept, with what was found.
  std::vector<std::string> broken;
  Measurements measured;
  /// Of every datagram and every event with its moment: equal for two runs exactly when they
  /// went the same way.
  std::uint64_t hash = 0;
  /// How long the world ran.
  Duration simulated{};

  [[nodiscard]] bool holds() const { return violations.empty() && broken.empty(); }
};

struct RunOptions {
  std::uint64_t seed = 1;
  /// Where every datagram, fault and event is written down; nowhere if null.
  std::ostream* transcript = nullptr;
  /// Told now and then which share of the run is done.
  std::function<void(double share)> progress = {};
};

/// Runs a scenario that check_scenario() has nothing against. Same scenario, same seed: same
/// result, on every machine.
RunResult run_scenario(const Scenario& scenario, const RunOptions& options);

/// What a reader wants to know of many times.
struct Spread {
  std::size_t count = 0;
  Duration median{};
  Duration p99{};
  Duration max{};
};
/// By the nearest rank; nothing of no times.
std::optional<Spread> spread_of(const std::vector<Duration>& times);

/// The bounds on medians and percentiles, over the deaths of all runs together: what is broken.
std::vector<std::string> judge_together(const Scenario& scenario,
                                        const std::vector<RunResult>& runs);

/// In larger clusters only verdicts are checked: the other checkers remember what every member has
/// told and listed.
constexpr std::size_t checked_members_max = 1000;
/// Whether all checkers watch the scenario's runs.
bool has_all_checkers(const Scenario& scenario);

/// What a run of the scenario will hold in memory at the most, roughly.
std::uint64_t memory_estimate(const Scenario& scenario);
/// What this machine has to give; nothing where it does not say.
std::optional<std::uint64_t> available_memory();
/// Empty, or a sentence that says how much is needed and how much is there.
std::string memory_problem(const Scenario& scenario, std::optional<std::uint64_t> available);

}  // namespace rollcall::lab
