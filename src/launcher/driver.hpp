// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "launcher/problem.hpp"
#include "launcher/state.hpp"

namespace rollcall::launcher {

/// What the hosts of a cluster are made of: all that differs between a cluster on the loopback
/// addresses and one on machines of its own. The processes on the hosts are Cluster's matter.
///
/// Every command brings about what the state says and does only what is missing.
///
/// Errors:  Problem; what was done until then stands, and a repetition goes on from there.
/// Threads: one.
class Driver {
 public:
  Driver() = default;
  virtual ~Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  /// Whether this machine and this user can have such a cluster at all.
  [[nodiscard]] virtual Done check() const = 0;
  /// Whether its network can be made faulty.
  [[nodiscard]] virtual Done check_faults(const ClusterState& state) const = 0;
  /// Makes the hosts of all nodes. Gives the names of those that had to be made now: nothing that
  /// was started on them before runs there any more.
  virtual std::expected<Names, Problem> make_hosts(const ClusterState& state) = 0;
  /// Brings about the faults that the state has, and ends all others.
  virtual Done apply_faults(const ClusterState& state) = 0;
  /// Agents have been started or resumed: brings about the faults that are theirs to have.
  virtual Done after_start(const ClusterState&) { return {}; }
  /// Takes away all that was ever made for the cluster, with whatever still runs on it.
  virtual Done remove_hosts(const ClusterState& state) = 0;
};

struct FaultRefusal {
  /// Half a sentence.
  std::string why;
  /// Whether it was an agent that said so.
  bool has_answered = false;
};
/// Asks the agent at an HTTP address to have these faults, in the words of its API, and no others;
/// an empty text ends all. Given by the caller, as Probe is.
using FaultSetter = std::function<std::expected<void, FaultRefusal>(const std::string& http,
                                                                    const std::string& document)>;

struct DriverSetup {
  /// The cluster's, for files that programs are given to read.
  std::filesystem::path directory;
  /// Held while programs run that change the machine.
  int lock = -1;
  Notice notice;
  FaultSetter set_faults = {};
};
std::unique_ptr<Driver> make_driver(DriverKind kind, DriverSetup setup);

}  // namespace rollcall::launcher
