// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/experiment_command.hpp"
#include "cli/failure.hpp"

namespace rollcall::cli {

/// What `rollcall simulate` was told.
struct SimulateOptions {
  /// The scenario's file; empty if something else is asked for.
  std::string scenario = {};
  std::optional<std::uint64_t> seed = {};
  std::optional<std::size_t> repetitions = {};
  bool json = false;
  std::string transcript = {};

  std::optional<std::size_t> swarm = {};
  /// Where the swarm writes the scenarios that fail.
  std::string out = ".";

  ExperimentFlags experiment = {};
};

/// Runs one scenario, once or with several seeds in a row.
Outcome<ExitCode> simulate_scenario(const SimulateOptions& options);
/// Runs drawn scenarios, and cuts those that fail down to small ones.
Outcome<ExitCode> simulate_swarm(const SimulateOptions& options);

}  // namespace rollcall::cli
