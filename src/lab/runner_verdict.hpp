// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lab/runner.hpp"

namespace rollcall::lab {

/// The bounds that one run did not keep, apart from those that judge_together() looks at.
std::vector<std::string> judge(const Scenario& scenario, const Measurements& measured);

}  // namespace rollcall::lab
