// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include "launcher/process.hpp"
#include "launcher/state.hpp"

/// Small things that the files of Cluster share.
namespace rollcall::launcher {

inline constexpr std::chrono::milliseconds poll_interval{5};
/// What the kernel may take to end, stop or continue a process on a busy machine.
inline constexpr std::chrono::seconds kernel_patience{10};

/// Waits for something that is looked at again and again; false when it did not come in time.
template <class Condition>
bool wait_for(std::chrono::milliseconds patience, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(poll_interval);
  }
  return true;
}

inline bool is_running(const NodeRecord& node) {
  return state_of(node.process) != ProcessState::gone;
}

inline std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

}  // namespace rollcall::launcher
