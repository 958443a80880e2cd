// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_switch.hpp"

#include <array>
#include <optional>
#include <variant>

#include "base/text.hpp"
#include "lab/scenario_settings.hpp"
#include "lab/scenario_values.hpp"

namespace rollcall::lab {
namespace {

using core::SettingsChange;

/// One key, and what its value is the word or the number of.
struct ChangeKey {
  std::string_view key;
  std::variant<std::optional<Duration> SettingsChange::*,
               std::optional<std::size_t> SettingsChange::*,
               std::optional<double> SettingsChange::*, std::optional<bool> SettingsChange::*,
               std::optional<core::DetectorKind> SettingsChange::*,
               std::optional<core::HeartbeatCast> SettingsChange::*>
      at;
  /// The word for zero; empty if there is none.
  std::string_view zero_word = {};
};

constexpr std::array keys = {
    ChangeKey{"detector", &SettingsChange::detector},
    ChangeKey{"suspicion", &SettingsChange::suspicion_enabled},
    ChangeKey{"suspicion-time", &SettingsChange::suspicion_time, "auto"},
    ChangeKey{"probe-interval", &SettingsChange::probe_interval},
    ChangeKey{"probe-timeout", &SettingsChange::probe_timeout},
    ChangeKey{"indirect-probes", &SettingsChange::indirect_probes},
    ChangeKey{"gossip-interval", &SettingsChange::gossip_interval},
    ChangeKey{"gossip-fanout", &SettingsChange::gossip_fanout, "auto"},
    ChangeKey{"fail-time", &SettingsChange::fail_time, "auto"},
    ChangeKey{"accrual-threshold", &SettingsChange::accrual_threshold, "off"},
    ChangeKey{"heartbeat-cast", &SettingsChange::heartbeat_cast},
    ChangeKey{"cleanup-time", &SettingsChange::cleanup_time},
    ChangeKey{"drop-rate", &SettingsChange::drop_rate},
};

constexpr std::array<std::string_view, keys.size()> key_names = [] {
  std::array<std::string_view, keys.size()> names{};
  for (std::size_t i = 0; i < keys.size(); ++i) names[i] = keys[i].key;
  return names;
}();

// Wider than any range: core::validate() knows each setting's own.
constexpr Duration duration_max = std::chrono::hours(24 * 365);
constexpr std::size_t count_max = 1'000'000;

Read<Duration> parse(std::string_view text, Duration) {
  return read_duration(text, {}, duration_max);
}
Read<std::size_t> parse(std::string_view text, std::size_t) {
  return read_count(text, 0, count_max);
}
Read<double> parse(std::string_view text, double) {
  return text.ends_with('%') ? read_share(text) : read_amount(text);
}
Read<bool> parse(std::string_view text, bool) {
  const auto word = read_choice(text, suspicion_words);
  if (!word) return std::unexpected(word.error());
  return *word == 0;
}
template <class Word>
  requires std::is_enum_v<Word>
Read<Word> parse(std::string_view text, Word) {
  constexpr bool is_detector = std::is_same_v<Word, core::DetectorKind>;
  const auto word = read_choice(text, is_detector ? std::span(detector_words) : cast_words);
  if (!word) return std::unexpected(word.error());
  return Word{static_cast<std::uint8_t>(*word)};
}

std::string value_text(Duration value) {
  return duration_text(value);
}
std::string value_text(std::size_t value) {
  return std::to_string(value);
}
std::string value_text(double value) {
  return number_text(value);
}
std::string value_text(bool value) {
  return std::string(suspicion_words[value ? 0 : 1]);
}
template <class Word>
  requires std::is_enum_v<Word>
std::string value_text(Word value) {
  return std::string(core::to_text(value));
}

template <class Value>
bool is_zero_word(const ChangeKey& key, const Value& value) {
  return !key.zero_word.empty() && value == Value{};
}

}  // namespace

std::span<const std::string_view> change_keys() {
  return key_names;
}

SettingsChange read_change(const MapReader& map) {
  SettingsChange change;
  bool is_any = false;
  for (const ChangeKey& key : keys) {
    is_any |= map.has(key.key);
    const auto read = [&](auto at) {
      using Value = typename std::remove_cvref_t<decltype(change.*at)>::value_type;
      map.read(key.key, change.*at, [&](std::string_view text) -> Read<Value> {
        if (!key.zero_word.empty() && text == key.zero_word) return Value{};
        return parse(text, Value{});
      });
    };
    std::visit(read, key.at);
  }
  if (!is_any) map.problem("", "changes nothing; allowed: " + list_text(key_names));
  return change;
}

std::string change_text(const SettingsChange& change) {
  std::string text;
  for (const ChangeKey& key : keys) {
    const auto write = [&](auto at) {
      const auto& value = change.*at;
      if (!value) return;
      text.append(text.empty() ? "" : ", ").append(key.key).append(": ");
      text += is_zero_word(key, *value) ? std::string(key.zero_word) : value_text(*value);
    };
    std::visit(write, key.at);
  }
  return "{" + text + "}";
}

}  // namespace rollcall::lab
