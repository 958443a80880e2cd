// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/experiment.hpp"

#include <algorithm>
#include <array>

#include "lab/experiments/all.hpp"

namespace rollcall::lab {

std::span<const Experiment> experiments() {
  static const std::array all = {
      first_detection(), dissemination(),           uniform_loss(), slow_members(),
      crash_latency(),   bootstrap_storm(),         gray_links(),   scale_and_churn(),
      heartbeats(),      four_settings_under_loss()};
  return all;
}

const Experiment* find_experiment(std::string_view id) {
  const auto found = std::ranges::find(experiments(), id, &Experiment::id);
  return found == experiments().end() ? nullptr : &*found;
}

std::vector<std::size_t> sizes_of(const Experiment& experiment, const ExperimentOptions& options) {
  return options.members.empty() ? experiment.members : options.members;
}

std::size_t repetitions_of(const Experiment& experiment, const ExperimentOptions& options) {
  return options.repetitions.value_or(experiment.repetitions);
}

Findings run_experiment(const Experiment& experiment, const ExperimentOptions& options) {
  Findings findings = experiment.run(experiment, options);
  findings.group();
  return findings;
}

void Progress::next(std::string_view doing) {
  if (options_.progress) {
    options_.progress(static_cast<double>(done_) / static_cast<double>(steps_), doing);
  }
  ++done_;
}

}  // namespace rollcall::lab
