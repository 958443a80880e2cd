// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rollcall::launcher {

using Names = std::vector<std::string>;

/// What is lost of the packets between some nodes: those from the first to the second.
struct Cut {
  std::string from;
  std::string to;

  bool operator==(const Cut&) const = default;
};

/// What is lost at random, of a node's packets.
///
/// Units: thousandths, 0 to 1000.
struct Loss {
  std::string node;
  unsigned in = 0;   // of what reaches it
  unsigned out = 0;  // of what it sends

  bool operator==(const Loss&) const = default;
};

/// Everything that is wrong with the network of a cluster, by intent.
struct NetworkFaults {
  /// Only nodes of one group reach one another. Who is in none is in one more group with the
  /// others who are in none. Empty: no partition.
  std::vector<Names> groups = {};
  std::vector<Cut> cuts = {};
  std::vector<Loss> losses = {};
  /// Nodes that are unplugged: nothing comes in and nothing gets out, and nobody is told.
  Names links_down = {};

  [[nodiscard]] bool any() const {
    return !groups.empty() || !cuts.empty() || !losses.empty() || !links_down.empty();
  }
  bool operator==(const NetworkFaults&) const = default;
};

bool is_link_down(const NetworkFaults& faults, std::string_view node);

/// Whether everything that the one sends to the other is lost, but for what is lost at random.
bool is_blocked(const NetworkFaults& faults, std::string_view from, std::string_view to);

/// Whether packets get through in both directions, but for those lost at random.
bool can_talk(const NetworkFaults& faults, std::string_view one, std::string_view other);

/// Adds the cut unless it is there.
void add_cut(NetworkFaults& faults, const Cut& cut);

enum class Direction : std::uint8_t { in, out, both };
/// "in", "out" or "both".
std::optional<Direction> parse_direction(std::string_view text);

/// The loss replaces what the node lost in that direction; nothing lost is no fault.
void set_loss(NetworkFaults& faults, const std::string& node, Direction direction,
              unsigned thousandths);

enum class Link : std::uint8_t { up, down };
void set_link(NetworkFaults& faults, const std::string& node, Link link);

/// Reads "20%", "0.2" or "1": a share in thousandths.
std::optional<unsigned> parse_share(std::string_view text);

/// The names that words mean, of all names in their order: "node2", "node2,node5",
/// "node2..node5".
///
/// Errors: the part of a word that names nobody.
std::expected<Names, std::string> expand_names(const Names& words, const Names& all);

/// The groups of a partition: one a word, or several in a word with '|' between them.
///
/// Errors: half a sentence; an empty group, an unknown node, a node in two groups, and a group
///         of everybody.
std::expected<std::vector<Names>, std::string> parse_groups(const Names& words, const Names& all);

/// "node1, node2": for people.
std::string joined(const Names& names);

/// One line for each fault, for people.
std::vector<std::string> describe(const NetworkFaults& faults);

}  // namespace rollcall::launcher
