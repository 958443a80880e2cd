// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/scenario.hpp"
#include "lab/scenario_values.hpp"

namespace rollcall::lab {

/// What whom-texts may look like, for messages.
inline constexpr std::string_view targets_rule =
    "a member (n3), several (n3..n7, or a list), '2 at random', '25%', 'in turn', 'all', or with "
    "join '5 new'";

/// Reads "n3", "n3..n7", "2 at random", "25%", "in turn", "all" or "5 new".
Read<Targets> read_targets(std::string_view text);
/// Reads a list of "n3" and "n3..n7".
Read<Targets> read_members(const std::vector<std::string>& texts);
/// What read_targets() reads back, or for several ranges "[n0, n3..n5]".
std::string to_text(const Targets& targets);

/// The two sides of "n0..n4 -> n5" or "n0 <-> n1".
struct Path {
  Targets from;
  Targets to;
  Ways ways = Ways::one;
};
Read<Path> read_path(std::string_view text);

}  // namespace rollcall::lab
