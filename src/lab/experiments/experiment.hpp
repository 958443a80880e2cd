// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/experiments/findings.hpp"

namespace rollcall::lab {

/// How an experiment is to be run. What is not given is the experiment's own default.
struct ExperimentOptions {
  std::uint64_t seed = 1;
  std::optional<std::size_t> repetitions = {};
  std::vector<std::size_t> members = {};
  /// Told now and then which share of the work is done; may be empty.
  std::function<void(double share, std::string_view doing)> progress = {};
};

/// One of the published experiments, run with real nodes in virtual time: first with the paper's
/// own parameters against the paper's figures, then with rollcall's defaults against its goals.
struct Experiment {
  std::string_view id;               // "e5"
  std::string_view title;            //
  std::string_view question;         // what it asks, a sentence
  std::string_view method;           // how it is run, a few sentences
  std::vector<std::size_t> members;  // default sizes
  std::size_t members_min = 3;
  std::size_t members_max = 100'000;
  std::size_t repetitions = 1;       // default
  std::string_view repetition_word;  // what one repetition is: "crashes a size"
  Findings (*run)(const Experiment& self, const ExperimentOptions& options) = nullptr;
};

/// All of them, in the order of their numbers.
std::span<const Experiment> experiments();

/// Nothing if there is no experiment of that name.
const Experiment* find_experiment(std::string_view id);

/// Runs it, and brings the rows of each configuration together.
Findings run_experiment(const Experiment& experiment, const ExperimentOptions& options);

/// The sizes and repetitions that apply: those asked for, else the experiment's own.
std::vector<std::size_t> sizes_of(const Experiment& experiment, const ExperimentOptions& options);
std::size_t repetitions_of(const Experiment& experiment, const ExperimentOptions& options);

/// Counts the steps of a run and reports them.
class Progress {
 public:
  Progress(const ExperimentOptions& options, std::size_t steps)
      : options_(options),
        steps_(steps) {}
  /// One more step is about to be done.
  void next(std::string_view doing);

 private:
  const ExperimentOptions& options_;
  std::size_t steps_;
  std::size_t done_ = 0;
};

}  // namespace rollcall::lab
