// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "lab/scenario_problem.hpp"
#include "launcher/state.hpp"

/// What is done to a cluster of real agents, step by step, and what must then be seen: the files of
/// `rollcall cluster run-scenario`.
namespace rollcall::cli {

using launcher::Names;

/// Nodes are started, each when the one before is in the agreed view; those that ran before come
/// back.
struct StartStep {
  Names nodes;
};
struct WaitStep {
  Duration time{};
};
/// SIGKILL; pause and resume are SIGSTOP and SIGCONT.
struct SignalStep {
  enum class What : std::uint8_t { kill, pause, resume } what{};
  Names nodes;
};
struct PartitionStep {
  Names groups;
};
struct CutStep {
  Names from;
  Names to;
  bool both_ways = false;
};
struct HealStep {};
/// An operator, at one node, takes a member out of the cluster's view. Refused or unanswered is no
/// failure: what follows says what must be seen.
struct RemoveStep {
  std::string node;
  std::string at;
};
/// A client joins a group through one node; the answer must be that it is committed.
struct JoinStep {
  std::string group;
  std::string id;
  std::string at;
};
/// Each of the nodes shows this, at the latest when the time is over.
struct ExpectStep {
  Names at;
  Duration within = std::chrono::seconds(30);
  std::optional<std::uint64_t> view;
  std::optional<Names> members;  // in any order
  std::optional<std::string> leader;
  std::optional<std::string> cause;
  /// True: writes are refused for want of a quorum; false: they are not.
  std::optional<bool> writable;
};
/// The views that each of the nodes has from number `from` on, each with exactly these members.
struct HistoryStep {
  Names at;
  Duration within = std::chrono::seconds(30);
  std::uint64_t from = 1;
  std::vector<Names> views;
};

using ScenarioAction = std::variant<StartStep, WaitStep, SignalStep, PartitionStep, CutStep,
                                    HealStep, RemoveStep, JoinStep, ExpectStep, HistoryStep>;

struct ScenarioStep {
  lab::Place place;
  ScenarioAction action;
};

struct ClusterScenario {
  std::string name;
  std::string summary;
  std::size_t nodes = 5;
  launcher::DriverKind driver = launcher::DriverKind::local;
  /// Of every agent, beside what the launcher gives it.
  std::vector<std::string> flags;
  std::vector<ScenarioStep> steps;
};

/// Errors: everything that is wrong, with its place.
std::expected<ClusterScenario, lab::ScenarioProblems> read_cluster_scenario(
    const std::string& file);
std::expected<ClusterScenario, lab::ScenarioProblems> parse_cluster_scenario(
    const std::string& text);

/// "kill node5", for people.
std::string to_text(const ScenarioAction& action);

}  // namespace rollcall::cli
