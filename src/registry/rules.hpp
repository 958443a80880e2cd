// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "registry/types.hpp"

/// What may be said of a member and of a group. The decoders ask these rules, and whoever builds a
/// command of what a user typed asks them before, to say so in the same words.
namespace rollcall::registry {

/// Both live as long as the program.
struct SpecProblem {
  std::string_view field;    // "ttl", "check.interval"
  std::string_view allowed;  // "0 (no lease), or 100ms to 24h"
};

/// The first rule that a spec breaks; nothing: it keeps all.
std::optional<SpecProblem> problem_with(const MemberSpec& spec);
/// Of a check alone, which may be none.
std::optional<SpecProblem> problem_with(const Check& check);
std::optional<SpecProblem> problem_with_id(std::string_view id);
/// Of a group that clients may join or leave: `auto` is one, `cluster` is not.
std::optional<SpecProblem> problem_with_group_name(std::string_view group);

/// What a value of meta may be; keys are shorter and without control characters.
bool is_meta_value(std::string_view value);

}  // namespace rollcall::registry
