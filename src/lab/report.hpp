// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "lab/experiments/experiment.hpp"

namespace rollcall::lab {

/// How the findings came about, for whoever wants to see them again.
struct RunRecord {
  std::uint64_t seed = 1;
  std::size_t repetitions = 1;
  std::vector<std::size_t> members;
  /// The command that makes the same findings.
  std::string command;
  std::string program;  // "rollcall 0.1.0"
  double seconds = 0;   // of real time
};

/// The rows: experiment, configuration, members, metric, unit, value, anchor, rule, tolerance,
/// source, within (yes, no or empty). Fields as RFC 4180 has them.
std::string rows_csv(const Experiment& experiment, const Findings& findings);

/// The points of all plots: plot, series, x, median, low, high.
std::string points_csv(const Findings& findings);

/// One page that needs nothing else: text, pictures, table, the command. Light and dark.
std::string report_html(const Experiment& experiment, const Findings& findings,
                        const RunRecord& run);

/// Writes ID.csv, ID-points.csv and ID.html into the directory, which is made if it is missing.
///
/// Errors: what could not be written, and why; files before it have been written.
std::expected<std::vector<std::filesystem::path>, std::string> write_report(
    const std::filesystem::path& directory, const Experiment& experiment, const Findings& findings,
    const RunRecord& run);

}  // namespace rollcall::lab
