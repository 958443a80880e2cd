// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/rules.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "registry/limits.hpp"

namespace rollcall::registry {
namespace {

/// Text that is shown: UTF-8 without control characters.
bool is_shown_text(std::string_view text) {
  return is_utf8(text) && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7F;
         });
}

bool is_meta_key(std::string_view key) {
  return !key.empty() && key.size() <= meta_key_bytes_max && is_shown_text(key);
}

std::optional<SpecProblem> problem_with_meta(const Meta& meta) {
  if (meta.size() > meta_entries_max) return SpecProblem{"meta", "at most 64 keys"};
  std::size_t bytes = 0;
  for (const MetaEntry& entry : meta) {
    if (!is_meta_key(entry.key)) {
      return SpecProblem{"meta", "keys of 1 to 128 bytes of UTF-8 without control characters"};
    }
    if (!is_meta_value(entry.value)) {
      return SpecProblem{"meta", "values of at most 1024 bytes of UTF-8"};
    }
    bytes += entry.key.size() + entry.value.size();
  }
  if (bytes > meta_bytes_max) return SpecProblem{"meta", "at most 4096 bytes of keys and values"};
  const auto out_of_order = [](const MetaEntry& a, const MetaEntry& b) { return a.key >= b.key; };
  if (std::ranges::adjacent_find(meta, out_of_order) != meta.end()) {
    return SpecProblem{"meta", "each key once, in the order of their bytes"};
  }
  return std::nullopt;
}

}  // namespace

bool is_meta_value(std::string_view value) {
  return value.size() <= meta_value_bytes_max && is_utf8(value);
}

std::optional<SpecProblem> problem_with(const Check& check) {
  if (check.kind == CheckKind::none) {
    if (check == Check{}) return std::nullopt;
    return SpecProblem{"check.kind", "tcp or http, where anything else is said of a check"};
  }
  if (check.target.empty() || check.target.size() > check_target_bytes_max ||
      !is_shown_text(check.target)) {
    return SpecProblem{"check.target", "1 to 512 bytes of UTF-8 without control characters"};
  }
  if (check.interval < check_interval_min || check.interval > check_interval_max) {
    return SpecProblem{"check.interval", "100ms to 1h"};
  }
  if (check.timeout <= Duration::zero() || check.timeout > check.interval) {
    return SpecProblem{"check.timeout", "above 0, and at most the interval"};
  }
  if (check.misses < 1 || check.misses > check_misses_max) {
    return SpecProblem{"check.misses", "1 to 100"};
  }
  return std::nullopt;
}

std::optional<SpecProblem> problem_with_id(std::string_view id) {
  if (is_valid_name(id)) return std::nullopt;
  return SpecProblem{"id", name_rule};
}

std::optional<SpecProblem> problem_with_group_name(std::string_view group) {
  if (!is_valid_name(group)) return SpecProblem{"group", name_rule};
  if (group == cluster_group) {
    return SpecProblem{"group", "any but 'cluster', whose members are the agents themselves"};
  }
  return std::nullopt;
}

std::optional<SpecProblem> problem_with(const MemberSpec& spec) {
  if (const auto problem = problem_with_id(spec.id)) return problem;
  if (spec.life.id.is_nobody() && spec.life.boot != 0) {
    return SpecProblem{"life", "a boot counter only together with an id"};
  }
  if (spec.address.size() > address_bytes_max || !is_shown_text(spec.address)) {
    return SpecProblem{"address", "at most 256 bytes of UTF-8 without control characters"};
  }
  if (spec.ttl != Duration::zero() && (spec.ttl < ttl_min || spec.ttl > ttl_max)) {
    return SpecProblem{"ttl", "0 (no lease), or 100ms to 24h"};
  }
  if (const auto problem = problem_with_meta(spec.meta)) return problem;
  return problem_with(spec.check);
}

}  // namespace rollcall::registry
