// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/scenario_failure.hpp"

#include <utility>

namespace rollcall::cli {

Failure failure_of(const lab::ScenarioProblems& problems, const std::string& file,
                   std::string command) {
  Failure failure{.code = ExitCode::usage, .what = std::move(command)};
  for (const lab::ScenarioProblem& problem : problems) {
    if (failure.why.empty()) {
      failure.why = to_text(problem, file);
    } else {
      failure.details.push_back("also " + to_text(problem, file));
    }
  }
  return failure;
}

}  // namespace rollcall::cli
