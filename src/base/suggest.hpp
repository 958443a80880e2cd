// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace rollcall {

/// How many letters must be changed, added, dropped or swapped with their neighbour to turn one
/// word into the other.
///
/// Source: Damerau, "A technique for computer detection and correction of spelling errors",
///         CACM 1964, in the restricted form (no letter is touched twice).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The word that was probably meant; empty if none is near enough to be worth a question.
std::string_view nearest(std::string_view typed, std::span<const std::string_view> words);

}  // namespace rollcall
