// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "launcher/network_faults.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>

namespace rollcall::launcher {
namespace {

constexpr unsigned whole = 1000;

bool has(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The number of the node's group; the one past the last is everybody else's.
std::size_t group_of(const NetworkFaults& faults, std::string_view node) {
  const auto found =
      std::ranges::find_if(faults.groups, [node](const Names& group) { return has(group, node); });
  return static_cast<std::size_t>(found - faults.groups.begin());
}

bool is_cut(const NetworkFaults& faults, std::string_view from, std::string_view to) {
  return std::ranges::any_of(
      faults.cuts, [from, to](const Cut& cut) { return cut.from == from && cut.to == to; });
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// Appends what one part of a word means; false if it means nobody.
bool append_range(std::string_view part, const Names& all, Names& to) {
  constexpr std::string_view dots = "..";
  const std::size_t at = part.find(dots);
  const auto first = std::ranges::find(all, part.substr(0, at));
  if (first == all.end()) return false;
  const auto last =
      at == std::string_view::npos ? first : std::ranges::find(all, part.substr(at + dots.size()));
  if (last == all.end() || last < first) return false;
  for (auto name = first; name <= last; ++name) {
    if (!has(to, *name)) to.push_back(*name);
  }
  return true;
}

std::string percent_text(unsigned thousandths) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%g %%", thousandths / 10.0);
  return text.data();
}

}  // namespace

bool is_link_down(const NetworkFaults& faults, std::string_view node) {
  return has(faults.links_down, node);
}

bool is_blocked(const NetworkFaults& faults, std::string_view from, std::string_view to) {
  if (from == to) return false;
  return is_link_down(faults, from) || is_link_down(faults, to) ||
         group_of(faults, from) != group_of(faults, to) || is_cut(faults, from, to);
}

bool can_talk(const NetworkFaults& faults, std::string_view one, std::string_view other) {
  return !is_blocked(faults, one, other) && !is_blocked(faults, other, one);
}

void add_cut(NetworkFaults& faults, const Cut& cut) {
  if (!is_cut(faults, cut.from, cut.to)) faults.cuts.push_back(cut);
}

std::optional<Direction> parse_direction(std::string_view text) {
  if (text == "in") return Direction::in;
  if (text == "out") return Direction::out;
  if (text == "both") return Direction::both;
  return std::nullopt;
}

void set_loss(NetworkFaults& faults, const std::string& node, Direction direction,
              unsigned thousandths) {
  auto at = std::ranges::find(faults.losses, node, &Loss::node);
  if (at == faults.losses.end()) at = faults.losses.insert(at, Loss{.node = node});
  if (direction != Direction::out) at->in = thousandths;
  if (direction != Direction::in) at->out = thousandths;
  if (at->in == 0 && at->out == 0) faults.losses.erase(at);
}

void set_link(NetworkFaults& faults, const std::string& node, Link link) {
  std::erase(faults.links_down, node);
  if (link == Link::down) faults.links_down.push_back(node);
}

std::optional<unsigned> parse_share(std::string_view text) {
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.remove_suffix(1);
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const double share = is_percent ? number / 100 : number;
  if (error != std::errc() || stopped != end || !(share >= 0 && share <= 1)) return std::nullopt;
  return static_cast<unsigned>(std::lround(share * whole));
}

std::expected<Names, std::string> expand_names(const Names& words, const Names& all) {
  Names names;
  for (const std::string& word : words) {
    for (const std::string& part : split(word, ',')) {
      if (!append_range(part, all, names)) return std::unexpected(part);
    }
  }
  return names;
}

std::expected<std::vector<Names>, std::string> parse_groups(const Names& words, const Names& all) {
  std::vector<Names> groups;
  std::set<std::string> seen;
  for (const std::string& word : words) {
    for (const std::string& text : split(word, '|')) {
      if (text.empty()) return std::unexpected("'" + word + "' has an empty group");
      auto group = expand_names({text}, all);
      if (!group) return std::unexpected("'" + group.error() + "' is no node of the cluster");
      for (const std::string& name : *group) {
        if (!seen.insert(name).second) return std::unexpected(name + " is in two groups");
      }
      groups.push_back(*std::move(group));
    }
  }
  if (groups.size() == 1 && groups.front().size() == all.size()) {
    return std::unexpected("one group of everybody parts nobody");
  }
  return groups;
}

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::string> describe(const NetworkFaults& faults) {
  std::vector<std::string> lines;
  if (!faults.groups.empty()) {
    std::string text;
    for (const Names& group : faults.groups) text += (text.empty() ? "" : " | ") + joined(group);
    lines.push_back("partition: " + text + " | everybody else");
  }
  for (const Cut& cut : faults.cuts) lines.push_back("cut: " + cut.from + " -> " + cut.to);
  for (const Loss& loss : faults.losses) {
    lines.push_back("loss: " + loss.node + " loses " + percent_text(loss.in) + " in, " +
                    percent_text(loss.out) + " out");
  }
  if (!faults.links_down.empty()) lines.push_back("link down: " + joined(faults.links_down));
  return lines;
}

}  // namespace rollcall::launcher
