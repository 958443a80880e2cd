// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "core/context.hpp"
#include "core/detector/ping_log.hpp"
#include "core/mutants.hpp"

namespace rollcall::core {

/// Looks for failed members, in case a partition has healed or a host has come back. All members
/// together look for each lost one about once an interval, however many they are.
class LostMembers {
 public:
  LostMembers(Context& context, PingLog& pings) : context_(context), pings_(pings) {}

  void start() {
    next_tick_ =
        context_.now + context_.prng.between(Duration::zero(), context_.config.probe_interval);
  }
  void stop() { next_tick_ = never; }

  void on_deadline() {
    if (context_.now < next_tick_) return;
    next_tick_ = context_.now + context_.config.probe_interval;
    const auto& failed = context_.table.failed();
    if (failed.empty() || is_mutant(Mutant::lost_never_sought)) return;
    const double share = static_cast<double>(failed.size()) /
                         static_cast<double>(std::max<std::size_t>(context_.table.live_count(), 1));
    if (!context_.prng.chance(std::min(1.0, share))) return;
    pings_.ping(failed[context_.prng.below(failed.size())], PingPurpose::lost);
  }
  [[nodiscard]] Instant next_deadline() const { return next_tick_; }

 private:
  Context& context_;
  PingLog& pings_;
  Instant next_tick_ = never;
};

}  // namespace rollcall::core
