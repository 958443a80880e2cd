// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/local_driver.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "launcher/cluster_parts.hpp"

namespace rollcall::launcher {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view permission = "--allow-faults";
constexpr unsigned all_lost = 1000;
/// An agent that has only just been started answers soon.
constexpr std::chrono::seconds answer_patience{10};

/// What is lost at random of a node's datagrams, one way.
void add_loss(Json& faults, std::string_view direction, unsigned thousandths) {
  if (thousandths == 0) return;
  Json fault{{"peer", "*"}, {"direction", direction}};
  if (thousandths == all_lost) {
    fault["cut"] = true;
  } else {
    fault["drop"] = thousandths / 1000.0;
  }
  faults.push_back(std::move(fault));
}

void add_cut_from(Json& faults, const NetworkFaults& network, const NodeRecord& node,
                  const NodeRecord& other) {
  const bool out = is_blocked(network, node.name, other.name);
  const bool in = is_blocked(network, other.name, node.name);
  if (!in && !out) return;
  Json fault{{"peer", other.bind}, {"cut", true}};
  if (in != out) fault["direction"] = in ? "in" : "out";
  faults.push_back(std::move(fault));
}

}  // namespace

bool allows_faults(const ClusterState& state) {
  return state.allow_faults || std::ranges::find(state.extra, permission) != state.extra.end();
}

std::string fault_document(const ClusterState& state, const NodeRecord& node) {
  Json faults = Json::array();
  if (is_link_down(state.faults, node.name)) {
    faults.push_back({{"peer", "*"}, {"cut", true}});
  } else {
    for (const NodeRecord& other : state.nodes) {
      if (other.name != node.name) add_cut_from(faults, state.faults, node, other);
    }
  }
  for (const Loss& loss : state.faults.losses) {
    if (loss.node != node.name) continue;
    add_loss(faults, "in", loss.in);
    add_loss(faults, "out", loss.out);
  }
  return faults.empty() ? "" : Json{{"faults", std::move(faults)}}.dump();
}

Done LocalDriver::check_faults(const ClusterState& state) const {
  if (allows_faults(state)) return {};
  return std::unexpected(Problem{
      .what = "cluster",
      .why = "its agents were started without permission for faults",
      .todo = "end it with 'rollcall cluster down', and start it with 'rollcall cluster up " +
              std::string(permission) + "' (or --driver netns)"});
}

Done LocalDriver::apply_faults(const ClusterState& state) {
  if (!allows_faults(state)) return {};
  for (const NodeRecord& node : state.nodes) {
    // A paused one is told when it is resumed.
    if (state_of(node.process) != ProcessState::running) continue;
    if (auto applied = apply_to(node, fault_document(state, node)); !applied) return applied;
  }
  return {};
}

Done LocalDriver::apply_to(const NodeRecord& node, const std::string& document) const {
  std::expected<void, FaultRefusal> set;
  const auto is_settled = [&] {
    set = setup_.set_faults(node.http, document);
    return set || set.error().has_answered || state_of(node.process) != ProcessState::running;
  };
  wait_for(answer_patience, is_settled);
  // Who has no permission has no faults either that could be ended.
  const bool is_nothing_to_end = document.empty() && !set && set.error().has_answered;
  if (set || is_nothing_to_end || state_of(node.process) != ProcessState::running) return {};
  return std::unexpected(Problem{.what = node.name,
                                 .why = set.error().why,
                                 .todo = "start it anew with 'rollcall cluster kill " + node.name +
                                         "' and 'rollcall cluster start " + node.name + "'"});
}

}  // namespace rollcall::launcher
