// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_targets.hpp"

#include <cmath>
#include <optional>

namespace rollcall::lab {
namespace {

constexpr std::size_t count_max = 100'000;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::unexpected<std::string> refusal(std::string_view text, std::string_view rule) {
  return std::unexpected("found '" + std::string(text) + "'; allowed: " + std::string(rule));
}

/// The number of "n12".
std::optional<std::size_t> member_index(std::string_view text) {
  if (!text.starts_with('n') || text.size() < 2) return std::nullopt;
  const auto index = read_count(text.substr(1), 0, count_max);
  return index ? std::optional(*index) : std::nullopt;
}

std::optional<IndexRange> member_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = member_index(text.substr(0, dots));
  if (!first) return std::nullopt;
  if (dots == std::string_view::npos) return IndexRange{*first, *first};
  const auto last = member_index(text.substr(dots + 2));
  if (!last || *last < *first) return std::nullopt;
  return IndexRange{*first, *last};
}

/// The number before the words, as in "2 at random".
std::optional<std::size_t> count_before(std::string_view text, std::string_view words) {
  if (!text.ends_with(words)) return std::nullopt;
  text.remove_suffix(words.size());
  const auto count = read_count(text, 1, count_max);
  return count ? std::optional(*count) : std::nullopt;
}

std::string range_text(const IndexRange& range) {
  const std::string first = "n" + std::to_string(range.first);
  return range.first == range.last ? first : first + "..n" + std::to_string(range.last);
}

}  // namespace

Read<Targets> read_targets(std::string_view text) {
  using Kind = Targets::Kind;
  text = trimmed(text);
  if (text == "all") return Targets{.kind = Kind::all};
  if (text == "in turn") return Targets{.kind = Kind::in_turn};
  if (const auto count = count_before(text, " at random")) {
    return Targets{.kind = Kind::random_count, .count = *count};
  }
  if (const auto count = count_before(text, " new")) {
    return Targets{.kind = Kind::fresh, .count = *count};
  }
  if (text.ends_with('%')) {
    const auto share = read_share(text);
    if (share && *share > 0) return Targets{.kind = Kind::random_share, .share = *share};
  }
  if (const auto range = member_range(text)) return Targets{.ranges = {*range}};
  return refusal(text, targets_rule);
}

Read<Targets> read_members(const std::vector<std::string>& texts) {
  Targets targets;
  for (const std::string& text : texts) {
    const auto range = member_range(trimmed(text));
    if (!range) return refusal(text, "in a list, members as n3 or n3..n7");
    targets.ranges.push_back(*range);
  }
  if (targets.ranges.empty()) return refusal("[]", targets_rule);
  return targets;
}

std::string to_text(const Targets& targets) {
  switch (targets.kind) {
    case Targets::Kind::all:
      return "all";
    case Targets::Kind::in_turn:
      return "in turn";
    case Targets::Kind::random_count:
      return std::to_string(targets.count) + " at random";
    case Targets::Kind::random_share:
      // Rounded, so that 0.07 is written as 7% and not as its nearest binary fraction.
      return number_text(std::round(targets.share * 1e11) / 1e9) + "%";
    case Targets::Kind::fresh:
      return std::to_string(targets.count) + " new";
    case Targets::Kind::named:
      break;
  }
  if (targets.ranges.size() == 1) return range_text(targets.ranges.front());
  std::string text;
  for (const IndexRange& range : targets.ranges)
    text += (text.empty() ? "" : ", ") + range_text(range);
  return "[" + text + "]";
}

Read<Path> read_path(std::string_view text) {
  constexpr std::string_view rule =
      "two sides, each a member or a range: n0 -> n1, or both ways n0 <-> n1..n3";
  Path path;
  std::size_t arrow = text.find("<->");
  std::size_t arrow_size = 3;
  path.ways = arrow == std::string_view::npos ? Ways::one : Ways::both;
  if (path.ways == Ways::one) {
    arrow = text.find("->");
    arrow_size = 2;
  }
  if (arrow == std::string_view::npos) return refusal(text, rule);
  const auto from = read_targets(text.substr(0, arrow));
  const auto to = read_targets(text.substr(arrow + arrow_size));
  const auto is_fixed = [](const Read<Targets>& side) {
    return side && (side->kind == Targets::Kind::named || side->kind == Targets::Kind::all);
  };
  if (!is_fixed(from) || !is_fixed(to)) return refusal(text, rule);
  path.from = *from;
  path.to = *to;
  return path;
}

}  // namespace rollcall::lab
