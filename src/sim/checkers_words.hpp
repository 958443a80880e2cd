// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/membership/record.hpp"
#include "core/node.hpp"
#include "sim/host_id.hpp"
#include "sim/world.hpp"

/// How checkers say what they object to.
namespace rollcall::sim {

/// "12.000345 host 3 run 1: failed n4 …"
std::string observer_text(const Observation& observation);
/// "12.000345 n3 (joined) "
std::string look_text(const World& world, HostId host);
/// "n4/2 failed i3": name, boot counter, state, incarnation.
std::string record_text(const core::Record& record);

/// It runs, but is no member: it left, or another has its name.
bool has_gone_out(const core::Node& node);

}  // namespace rollcall::sim
