// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/failure.hpp"

namespace CLI {
class App;
}

namespace rollcall::cli {

/// The flags of `rollcall simulate` that are about experiments.
struct ExperimentFlags {
  std::string experiment = {};
  /// Where the report goes; nowhere if empty.
  std::string report = {};
  std::vector<std::size_t> members = {};
  bool list = false;

  /// Whether it is an experiment that the user wants, or the list of them.
  [[nodiscard]] bool is_asked() const { return list || !experiment.empty(); }
  /// Whether there are flags that say nothing without an experiment.
  [[nodiscard]] bool has_details() const { return !report.empty() || !members.empty(); }
};

/// Flags that every kind of simulation has, as far as experiments use them.
struct ExperimentRun {
  std::optional<std::uint64_t> seed = {};
  std::optional<std::size_t> repetitions = {};
  bool json = false;
};

void add_experiment_flags(CLI::App& simulate, ExperimentFlags& flags);

/// Runs the experiment (or all of them), shows what it found, and writes the report.
///
/// Errors: usage for an unknown experiment or sizes that it cannot have; refused when the report
///         cannot be written. A figure that is missed is a finding, and no failure.
Outcome<ExitCode> simulate_experiment(const ExperimentFlags& flags, const ExperimentRun& run);

}  // namespace rollcall::cli
