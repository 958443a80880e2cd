// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "agent/log.hpp"
#include "rollcall/agent.hpp"

namespace rollcall::agent {

/// Makes the fields of the periodic STATS line: members by state, the detector, and the traffic
/// since the line before.
class Stats {
 public:
  /// What a line is made of.
  struct Sample {
    Status status;
    MemberList members;
    std::shared_ptr<const SettingsInForce> settings;
  };

  /// Rates are per second of the agent's uptime since the sample before; the first has the rates
  /// since the start.
  LogFields next(const Sample& sample);

 private:
  Status last_;
};

}  // namespace rollcall::agent
