// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <memory>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/checks.hpp"
#include "cli/commands.hpp"
#include "cli/simulate_options.hpp"

namespace rollcall::cli {
namespace {

constexpr std::uint64_t seed_max = std::numeric_limits<std::uint64_t>::max() / 2;
constexpr std::uint64_t runs_max = 10'000'000;

Failure misuse(std::string why, std::string todo) {
  return {
      .code = ExitCode::usage, .what = "simulate", .why = std::move(why), .todo = std::move(todo)};
}

Outcome<ExitCode> run_experiment(const SimulateOptions& options) {
  if (!options.scenario.empty() || options.swarm || !options.transcript.empty()) {
    return std::unexpected(misuse("an experiment takes no scenario, --swarm or --transcript",
                                  "give one of them, or --experiment"));
  }
  return simulate_experiment(
      options.experiment,
      {.seed = options.seed, .repetitions = options.repetitions, .json = options.json});
}

Outcome<ExitCode> run_simulate(const SimulateOptions& options) {
  if (options.experiment.is_asked()) return run_experiment(options);
  if (options.experiment.has_details()) {
    return std::unexpected(
        misuse("--report and --members are about experiments", "name one with --experiment"));
  }
  const bool has_scenario = !options.scenario.empty();
  if (has_scenario && options.swarm) {
    return std::unexpected(misuse("found a scenario and --swarm", "give one of the two"));
  }
  if (options.swarm && (options.repetitions || !options.transcript.empty())) {
    return std::unexpected(misuse("--swarm takes neither --repetitions nor --transcript",
                                  "a single seed is --swarm 1 --seed N"));
  }
  if (options.swarm) return simulate_swarm(options);
  if (has_scenario) return simulate_scenario(options);
  return std::unexpected(
      misuse("which scenario is missing", "name its file, or draw some with --swarm N"));
}

}  // namespace

void add_simulate_commands(CLI::App& program, Invocation& invocation) {
  auto& simulate =
      add_command(program, "simulate", "Run a cluster in virtual time, with faults and checkers");
  auto options = std::make_shared<SimulateOptions>();
  simulate.add_option("scenario", options->scenario, "The scenario, YAML")->type_name("FILE");
  simulate.add_option("--seed", options->seed, "The seed of the (first) run; default 1")
      ->check(whole_number(0, seed_max))
      ->type_name("N");
  simulate
      .add_option("--repetitions", options->repetitions,
                  "Runs, with this seed and those that follow; default 1")
      ->check(whole_number(1, runs_max))
      ->type_name("N");
  simulate.add_flag("--json", options->json, "Print as JSON");
  simulate
      .add_option("--transcript", options->transcript,
                  "Write every datagram, fault and event of the run down")
      ->type_name("FILE");
  simulate.add_option("--swarm", options->swarm, "Instead of a scenario, draw so many, one a seed")
      ->check(whole_number(1, runs_max))
      ->type_name("N");
  simulate
      .add_option("--out", options->out,
                  "Where the swarm writes small scenarios of what fails; default here")
      ->type_name("DIR");
  add_experiment_flags(simulate, options->experiment);
  simulate.footer(
      "  rollcall simulate examples/scenarios/rolling-restart.yaml --seed 7\n"
      "  rollcall simulate --swarm 1000\n"
      "  rollcall simulate --experiment e5 --report report\n"
      "Exit codes: 0 all holds; 1 something does not; 2 the scenario or a flag is wrong.");
  simulate.callback(
      [options, &invocation] { invocation.action = [options] { return run_simulate(*options); }; });
}

}  // namespace rollcall::cli
