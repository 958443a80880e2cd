// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lab/plan.hpp"

namespace rollcall::lab {

/// Settings for the cluster in question, in the order of the configuration page: each that the
/// detection depends on, also where the default is right.
[[nodiscard]] std::vector<Advice> advise(const PlanQuestion& question);

}  // namespace rollcall::lab
