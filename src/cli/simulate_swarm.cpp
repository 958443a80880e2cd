// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <iostream>

#include <nlohmann/json.hpp>

#include "cli/agent_client.hpp"
#include "cli/progress.hpp"
#include "cli/simulate_options.hpp"
#include "cli/simulate_text.hpp"
#include "cli/table.hpp"
#include "lab/runner.hpp"
#include "lab/scenario_yaml.hpp"
#include "lab/swarm.hpp"

namespace rollcall::cli {
namespace {

/// Making a failure small takes hundreds of runs; after so many failures the rest is only told.
constexpr std::size_t shrunk_max = 3;

struct SwarmFailure {
  lab::RunResult run;
  /// The small scenario's file; empty if it was not made.
  std::string file = {};
  std::size_t faults = 0;
  std::size_t members = 0;
};

struct SwarmResult {
  std::uint64_t first = 0;
  std::size_t count = 0;
  Duration simulated{};
  std::vector<SwarmFailure> failures;
};

std::string replay_command(std::uint64_t seed) {
  return "rollcall simulate --swarm 1 --seed " + std::to_string(seed);
}

/// Cuts the scenario of a seed down to a small one and writes it.
Outcome<void> make_small(SwarmFailure& failure, const SimulateOptions& options,
                         ProgressLine& progress) {
  const std::uint64_t seed = failure.run.seed;
  std::size_t tries = 0;
  lab::Scenario small = lab::shrink(
      lab::draw_scenario(seed), {.fails = [&](const lab::Scenario& candidate) {
        progress.show(0.5, "seed " + std::to_string(seed) + " fails; making it small, try " +
                               std::to_string(++tries));
        return !lab::run_scenario(candidate, {.seed = seed}).holds();
      }});
  small.summary = "Cut down from: " + replay_command(seed) + ". Fails with --seed " +
                  std::to_string(seed) + ".";
  failure.file = options.out + "/swarm-" + std::to_string(seed) + ".yaml";
  failure.faults = small.faults.size();
  failure.members = small.cluster.members;
  std::ofstream stream(failure.file);
  stream << lab::to_yaml(small) << std::flush;
  if (stream) return {};
  return std::unexpected(Failure{.what = "simulate",
                                 .why = "cannot write " + failure.file,
                                 .todo = "name another directory with --out"});
}

void print_failure(const SwarmFailure& failure) {
  const std::string seed = std::to_string(failure.run.seed);
  std::cout << "seed " << seed << " does not hold:\n";
  for (const std::string& line : failure.run.broken) std::cout << "  " << line << '\n';
  for (const std::string& line : lines_of(failure.run.violations)) {
    std::cout << "  " << line << '\n';
  }
  std::cout << "replay: " << replay_command(failure.run.seed) << '\n';
  if (failure.file.empty()) return;
  std::cout << "small:  rollcall simulate " << shell_word(failure.file) << " --seed " << seed
            << "   (" << failure.members << " members, " << failure.faults << " faults)\n";
}

void print_swarm(const SwarmResult& result) {
  std::cout << result.count << " clusters, " << to_text_short(result.simulated)
            << " of virtual time, seeds " << result.first << " to "
            << result.first + result.count - 1 << ": "
            << (result.failures.empty() ? "all hold"
                                        : std::to_string(result.failures.size()) + " do not hold")
            << '\n';
}

Json swarm_json(const SwarmResult& result) {
  Json failures = Json::array();
  for (const SwarmFailure& failure : result.failures) {
    Json json{{"seed", failure.run.seed},
              {"broken", failure.run.broken},
              {"violations", lines_of(failure.run.violations)},
              {"replay", replay_command(failure.run.seed)}};
    if (!failure.file.empty()) json["small"] = failure.file;
    failures.push_back(std::move(json));
  }
  return {{"first_seed", result.first},
          {"clusters", result.count},
          {"simulated_s", to_seconds(result.simulated)},
          {"holds", result.failures.empty()},
          {"failures", std::move(failures)}};
}

}  // namespace

Outcome<ExitCode> simulate_swarm(const SimulateOptions& options) {
  SwarmResult result{.first = options.seed.value_or(1), .count = *options.swarm};
  ProgressLine progress;
  for (std::size_t i = 0; i < result.count; ++i) {
    const std::uint64_t seed = result.first + i;
    progress.show(static_cast<double>(i) / static_cast<double>(result.count),
                  "seed " + std::to_string(seed) + ", " + std::to_string(result.failures.size()) +
                      " failures");
    lab::RunResult run = lab::run_scenario(lab::draw_scenario(seed), {.seed = seed});
    result.simulated += run.simulated;
    if (run.holds()) continue;
    SwarmFailure& failure = result.failures.emplace_back(SwarmFailure{.run = std::move(run)});
    if (result.failures.size() <= shrunk_max) {
      if (const auto made = make_small(failure, options, progress); !made) {
        return std::unexpected(made.error());
      }
    }
    if (!options.json) print_failure(failure);
  }
  options.json ? print_json(swarm_json(result)) : print_swarm(result);
  return result.failures.empty() ? ExitCode::done : ExitCode::refused;
}

}  // namespace rollcall::cli
