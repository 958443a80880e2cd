// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/context.hpp"
#include "core/detector/detector.hpp"

namespace rollcall::core {

/// The live members that are suspected, or whose flaps are not forgotten, by slot.
std::vector<Steadiness> unsteady_members(const Context& context, const Detector& detector);

}  // namespace rollcall::core
