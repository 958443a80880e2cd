// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/kept_settings.hpp"

#include <array>
#include <charconv>
#include <type_traits>
#include <utility>

#include "base/text.hpp"

namespace rollcall::runtime {
namespace {

constexpr std::array kinds{core::DetectorKind::pingack, core::DetectorKind::gossip};
constexpr std::array casts{core::HeartbeatCast::unicast, core::HeartbeatCast::broadcast};

template <class Number>
bool read_number(const std::string& text, Number& to, int base = 10) {
  const char* const end = text.data() + text.size();
  std::from_chars_result read{};
  if constexpr (std::is_floating_point_v<Number>) {
    read = std::from_chars(text.data(), end, to);
  } else {
    read = std::from_chars(text.data(), end, to, base);
  }
  return read.ec == std::errc{} && read.ptr == end;
}

bool read_duration(const std::string& text, Duration& to) {
  const auto duration = parse_duration(text);
  if (duration) to = *duration;
  return duration.has_value();
}

template <class Enum, std::size_t count>
bool read_word(const std::string& text, const std::array<Enum, count>& values, Enum& to) {
  for (const Enum value : values) {
    if (text != core::to_text(value)) continue;
    to = value;
    return true;
  }
  return false;
}

bool read_switch(const std::string& text, std::string_view on, std::string_view off, bool& to) {
  to = text == on;
  return to || text == off;
}

std::string number_text(double number) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), written.ptr};
}

/// One row: how it is written, and how it is read back.
struct Row {
  std::string_view name;
  std::string (*write)(const core::VersionedSettings&);
  bool (*read)(const std::string&, core::VersionedSettings&);
};

template <auto field>
Row duration_row(std::string_view name) {
  return {name,
          [](const core::VersionedSettings& all) { return duration_text(all.settings.*field); },
          [](const std::string& text, core::VersionedSettings& all) {
            return read_duration(text, all.settings.*field);
          }};
}
template <auto field>
Row count_row(std::string_view name) {
  return {name,
          [](const core::VersionedSettings& all) { return std::to_string(all.settings.*field); },
          [](const std::string& text, core::VersionedSettings& all) {
            return read_number(text, all.settings.*field);
          }};
}
template <auto field>
Row share_row(std::string_view name) {
  return {name, [](const core::VersionedSettings& all) { return number_text(all.settings.*field); },
          [](const std::string& text, core::VersionedSettings& all) {
            return read_number(text, all.settings.*field);
          }};
}

bool read_origin(const std::string& text, LifeId& origin) {
  constexpr std::size_t digits = 16;
  return text.size() == 2 * digits && read_number(text.substr(0, digits), origin.high, 16) &&
         read_number(text.substr(digits), origin.low, 16);
}

/// All rows; what is read must have each of them, and no other.
const auto& all_rows() {
  using All = core::VersionedSettings;
  using Settings = core::ClusterSettings;
  static const std::array rows = {
      Row{"version", [](const All& all) { return std::to_string(all.version.number); },
          [](const std::string& text, All& all) { return read_number(text, all.version.number); }},
      Row{"origin", [](const All& all) { return to_text(all.version.origin); },
          [](const std::string& text, All& all) { return read_origin(text, all.version.origin); }},
      Row{"by", [](const All& all) { return all.by; },
          [](const std::string& text, All& all) {
            all.by = text;
            return text.empty() || is_valid_name(text);
          }},
      Row{"scope", [](const All& all) { return std::string(all.is_local ? "local" : "cluster"); },
          [](const std::string& text, All& all) {
            return read_switch(text, "local", "cluster", all.is_local);
          }},
      Row{"detector", [](const All& all) { return std::string(to_text(all.settings.detector)); },
          [](const std::string& text, All& all) {
            return read_word(text, kinds, all.settings.detector);
          }},
      Row{"suspicion",
          [](const All& all) {
            return std::string(all.settings.suspicion_enabled ? "enabled" : "disabled");
          },
          [](const std::string& text, All& all) {
            return read_switch(text, "enabled", "disabled", all.settings.suspicion_enabled);
          }},
      duration_row<&Settings::suspicion_time>("suspicion-time"),
      duration_row<&Settings::probe_interval>("probe-interval"),
      duration_row<&Settings::probe_timeout>("probe-timeout"),
      count_row<&Settings::indirect_probes>("indirect-probes"),
      duration_row<&Settings::gossip_interval>("gossip-interval"),
      count_row<&Settings::gossip_fanout>("gossip-fanout"),
      duration_row<&Settings::fail_time>("fail-time"),
      share_row<&Settings::accrual_threshold>("accrual-threshold"),
      Row{"heartbeat-cast",
          [](const All& all) { return std::string(to_text(all.settings.heartbeat_cast)); },
          [](const std::string& text, All& all) {
            return read_word(text, casts, all.settings.heartbeat_cast);
          }},
      duration_row<&Settings::cleanup_time>("cleanup-time"),
      share_row<&Settings::drop_rate>("drop-rate")};
  return rows;
}

}  // namespace

SettingRows to_rows(const core::VersionedSettings& settings) {
  SettingRows rows;
  for (const Row& row : all_rows()) rows.emplace(row.name, row.write(settings));
  return rows;
}

std::expected<core::VersionedSettings, std::string> from_rows(SettingRows rows) {
  core::VersionedSettings settings;
  for (const Row& row : all_rows()) {
    const auto found = rows.find(row.name);
    if (found == rows.end()) return std::unexpected(std::string(row.name) + " is missing");
    if (!row.read(found->second, settings)) {
      return std::unexpected(std::string(row.name) + " is '" + found->second + "'");
    }
    rows.erase(found);
  }
  const bool is_nobodys = settings.by.empty() || settings.version.origin.is_nobody();
  if (settings.version.number > 0 && is_nobodys) return std::unexpected("nobody has changed them");
  if (rows.empty()) return settings;
  return std::unexpected(rows.begin()->first + " is unknown to this version");
}

}  // namespace rollcall::runtime
