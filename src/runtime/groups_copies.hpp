// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rollcall/groups.hpp"
#include "runtime/agreement_loop.hpp"

/// Answers that are copies of a large part of the registry, put together in slices between which
/// the agreement has its turns.
///
/// Limits:  copy_slice_max members, groups or changes a slice.
/// Threads: the agreement's; they call back there, once, perhaps at once.
namespace rollcall::runtime {

inline constexpr std::size_t copy_slice_max = 2048;

/// The group as it is when the last slice is copied; what changed since the first is put right.
void copy_group(AgreementLoop& loop, const std::string& group, Groups::Callback<Group> done);
/// Each group as it is in its slice.
void copy_views(AgreementLoop& loop, Groups::Callback<std::vector<View>> done);
void copy_changes(AgreementLoop& loop, const std::string& group, std::uint64_t after,
                  Groups::Callback<std::vector<std::shared_ptr<const ViewChange>>> done);

}  // namespace rollcall::runtime
