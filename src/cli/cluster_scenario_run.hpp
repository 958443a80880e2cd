// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "cli/cluster_scenario.hpp"
#include "cli/failure.hpp"
#include "launcher/cluster.hpp"

namespace rollcall::cli {

/// Where a scenario's cluster is, beside what the file says.
struct ScenarioPlace {
  launcher::Shape shape;
  std::chrono::milliseconds patience{60'000};
};

/// Does the steps one after the other, telling each; the first that does not hold ends it.
///
/// Errors: which step, at which line, and what was seen instead. The cluster is left as it is then.
/// Threads: one; waits.
class ScenarioRun {
 public:
  using Tell = std::function<void(const std::string& line)>;

  ScenarioRun(launcher::Cluster& cluster, const ClusterScenario& scenario, ScenarioPlace place,
              Tell tell)
      : cluster_(cluster),
        scenario_(scenario),
        place_(std::move(place)),
        tell_(std::move(tell)) {}

  Outcome<ExitCode> run();

 private:
  /// Why not; empty: done, or so.
  using Complaint = std::string;

  Complaint perform(const StartStep& step);
  Complaint perform(const WaitStep& step);
  Complaint perform(const SignalStep& step);
  Complaint perform(const PartitionStep& step);
  Complaint perform(const CutStep& step);
  Complaint perform(const HealStep& step);
  Complaint perform(const RemoveStep& step);
  Complaint perform(const JoinStep& step);
  Complaint perform(const ExpectStep& step);
  Complaint perform(const HistoryStep& step);

  Complaint start_next(const std::string& node);
  template <class Look>
  Complaint until(const Names& at, Duration within, const Look& look);
  std::expected<std::string, std::string> ask(const std::string& node, const std::string& method,
                                              const std::string& target,
                                              const std::string& body = {});
  Complaint look(const ExpectStep& step, const std::string& node);
  Complaint look(const HistoryStep& step, const std::string& node);
  Complaint look_for_itself(const std::string& node);
  Complaint look_for_writes(const std::string& node, bool expected);

  launcher::Cluster& cluster_;
  const ClusterScenario& scenario_;
  ScenarioPlace place_;
  Tell tell_;
  std::size_t known_ = 0;  // nodes that the cluster has so far
};

}  // namespace rollcall::cli
