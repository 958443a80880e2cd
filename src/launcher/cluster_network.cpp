// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/cluster.hpp"
#include "launcher/cluster_parts.hpp"

namespace rollcall::launcher {

Done Cluster::partition(const Names& groups) {
  if (auto opened = open_network(); !opened) return opened;
  auto parsed = parse_groups(groups, state_.names());
  if (!parsed) {
    return std::unexpected(
        Problem{.kind = Problem::Kind::usage,
                .what = "cluster partition",
                .why = parsed.error(),
                .todo = "write groups as node1,node2 node3..node5; who is in none is in one more"});
  }
  state_.faults.groups = *std::move(parsed);
  return set_faults();
}

Done Cluster::cut(const Names& from, const Names& to, Ways ways) {
  if (auto opened = open_network(); !opened) return opened;
  const auto senders = pick(from);
  if (!senders) return std::unexpected(senders.error());
  const auto receivers = pick(to);
  if (!receivers) return std::unexpected(receivers.error());
  if (senders->size() == 1 && *senders == *receivers) {
    return std::unexpected(Problem{.what = "cluster cut",
                                   .why = "'" + senders->front()->name + "' is both ends",
                                   .todo = "name two nodes"});
  }
  for (const NodeRecord* sender : *senders) {
    for (const NodeRecord* receiver : *receivers) {
      if (sender == receiver) continue;
      add_cut(state_.faults, {.from = sender->name, .to = receiver->name});
      if (ways == Ways::one) continue;
      add_cut(state_.faults, {.from = receiver->name, .to = sender->name});
    }
  }
  return set_faults();
}

Done Cluster::lose(const Names& names, const LossRequest& loss) {
  if (auto opened = open_network(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  for (const NodeRecord* node : *chosen) {
    set_loss(state_.faults, node->name, loss.direction, loss.thousandths);
  }
  return set_faults();
}

Done Cluster::set_links(const Names& names, Link link) {
  if (auto opened = open_network(); !opened) return opened;
  const auto chosen = pick(names);
  if (!chosen) return std::unexpected(chosen.error());
  for (const NodeRecord* node : *chosen) set_link(state_.faults, node->name, link);
  return set_faults();
}

/// Also where no fault is known: a launcher may have been interrupted between knowing and doing.
Done Cluster::heal() {
  if (auto opened = open_existing(); !opened) return opened;
  state_.faults = {};
  return set_faults();
}

Done Cluster::open_network() {
  if (auto opened = open_existing(); !opened) return opened;
  return driver_->check_faults(state_);
}

Done Cluster::set_faults() {
  if (auto saved = directory_.save(state_); !saved) return saved;
  if (auto applied = driver_->apply_faults(state_); !applied) return applied;
  if (!state_.faults.any()) setup_.notice("the network is whole");
  for (const std::string& line : describe(state_.faults)) setup_.notice(line);
  return {};
}

}  // namespace rollcall::launcher
