// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lab/experiments/experiment.hpp"

/// One function a file; the numbers are those under which the experiments are known.
namespace rollcall::lab {

Experiment first_detection();           // e1
Experiment dissemination();             // e2
Experiment uniform_loss();              // e3
Experiment slow_members();              // e4
Experiment crash_latency();             // e5
Experiment bootstrap_storm();           // e6
Experiment gray_links();                // e8
Experiment scale_and_churn();           // e10
Experiment heartbeats();                // e11
Experiment four_settings_under_loss();  // e12

}  // namespace rollcall::lab
