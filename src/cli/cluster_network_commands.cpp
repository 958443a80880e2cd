// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/cluster_options.hpp"

namespace rollcall::cli {
namespace {

using launcher::Cluster;

void add_partition(CLI::App& family, Invocation& invocation) {
  auto& partition = add_command(family, "partition", "Part the network into groups of nodes");
  auto options = std::make_shared<ClusterOptions>();
  partition
      .add_option("groups", options->nodes,
                  "One or more; only nodes of one group reach one another, and who is in none is "
                  "in one more")
      ->required()
      ->type_name("GROUP");
  add_directory(partition, *options);
  partition.footer(
      "A group is node1,node2 or node1..node3. Groups are words, or one quoted word:\n"
      "  rollcall cluster partition node1..node3\n"
      "  rollcall cluster partition node1,node2 node3..node5\n"
      "  rollcall cluster partition 'node1,node2|node3..node5'");
  partition.callback([options, &invocation] {
    invocation.action = [options] {
      return outcome_of(open_cluster(*options).partition(options->nodes));
    };
  });
}

struct CutFlags {
  ClusterOptions cluster;
  std::string from;
  std::string to;
  bool both_ways = false;
};

void add_cut(CLI::App& family, Invocation& invocation) {
  auto& cut = add_command(family, "cut", "Lose all that one node sends to another");
  auto flags = std::make_shared<CutFlags>();
  cut.add_option("from", flags->from, "Who sends: a node, or several as in a group")
      ->required()
      ->type_name("FROM");
  cut.add_option("to", flags->to, "Whom nothing reaches")->required()->type_name("TO");
  cut.add_flag("--both-ways", flags->both_ways, "Lose what is sent the other way too");
  add_directory(cut, flags->cluster);
  cut.callback([flags, &invocation] {
    invocation.action = [flags] {
      const auto ways = flags->both_ways ? launcher::Ways::both : launcher::Ways::one;
      return outcome_of(open_cluster(flags->cluster).cut({flags->from}, {flags->to}, ways));
    };
  });
}

struct LossFlags {
  ClusterOptions cluster;
  std::string share;
  std::string direction = "in";
};

Outcome<ExitCode> run_loss(const LossFlags& flags) {
  const launcher::LossRequest request{
      .thousandths = launcher::parse_share(flags.share).value_or(0),
      .direction = launcher::parse_direction(flags.direction).value_or(launcher::Direction::in)};
  return outcome_of(open_cluster(flags.cluster).lose(flags.cluster.nodes, request));
}

std::string check_share(const std::string& text) {
  return launcher::parse_share(text) ? "" : "'" + text + "' is not a share such as 20% or 0.2";
}

std::string check_direction(const std::string& text) {
  return launcher::parse_direction(text) ? "" : "'" + text + "' is not one of in, out, both";
}

void add_loss(CLI::App& family, Invocation& invocation) {
  auto& loss = add_command(family, "loss", "Lose packets of nodes at random");
  auto flags = std::make_shared<LossFlags>();
  loss.add_option("share", flags->share, "How much: 20% or 0.2; 0 ends it")
      ->required()
      ->check(check_share)
      ->type_name("SHARE");
  add_nodes(loss, flags->cluster)->description("Whose; without any, everybody's");
  loss.add_option("--direction", flags->direction,
                  "Of what reaches the nodes (in), of what they send (out), or of each (both)")
      ->check(check_direction)
      ->type_name("in|out|both")
      ->capture_default_str();
  add_directory(loss, flags->cluster);
  loss.callback([flags, &invocation] { invocation.action = [flags] { return run_loss(*flags); }; });
}

void add_heal(CLI::App& family, Invocation& invocation) {
  auto& heal = add_command(family, "heal", "End every fault of the network");
  auto options = std::make_shared<ClusterOptions>();
  add_directory(heal, *options);
  heal.callback([options, &invocation] {
    invocation.action = [options] { return outcome_of(open_cluster(*options).heal()); };
  });
}

}  // namespace

void add_cluster_network_commands(CLI::App& family, Invocation& invocation) {
  add_partition(family, invocation);
  add_cut(family, invocation);
  add_loss(family, invocation);
  add_node_command(family, invocation,
                   {"link-down", "Unplug nodes: silence, as when their machines die",
                    [](Cluster& cluster, const launcher::Names& names) {
                      return cluster.set_links(names, launcher::Link::down);
                    }});
  add_node_command(
      family, invocation,
      {"link-up", "Plug nodes in again", [](Cluster& cluster, const launcher::Names& names) {
         return cluster.set_links(names, launcher::Link::up);
       }});
  add_heal(family, invocation);
}

}  // namespace rollcall::cli
