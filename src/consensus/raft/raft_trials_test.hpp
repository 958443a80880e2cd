// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace rollcall::consensus::raft {

/// A course of events in a group of replicas, and what the checkers object to in it.
struct RaftTrial {
  std::string_view name;
  std::string (*run)(std::uint64_t seed);
};

inline void PrintTo(const RaftTrial& trial, std::ostream* out) {
  *out << trial.name;
}

[[nodiscard]] std::span<const RaftTrial> raft_trials();
[[nodiscard]] const RaftTrial& raft_trial(std::string_view name);

}  // namespace rollcall::consensus::raft
