// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "agent/cluster_keys.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "agent/api_json.hpp"
#include "agent/values.hpp"
#include "base/check.hpp"

namespace rollcall::agent {
namespace {

using Json = nlohmann::ordered_json;

/// One key of the cluster's: where its value goes, and where it comes from.
struct ClusterKey {
  std::string_view name;
  void (*change)(const Settings& from, SettingsChange& to);
  void (*read)(const Settings& from, ClusterSettings& to);
  void (*write)(const ClusterSettings& from, Settings& to);
};

template <auto here, auto changed, auto there>
constexpr ClusterKey plain(std::string_view name) {
  return {.name = name,
          .change = [](const Settings& from, SettingsChange& to) { to.*changed = from.*here; },
          .read = [](const Settings& from, ClusterSettings& to) { to.*there = from.*here; },
          .write = [](const ClusterSettings& from, Settings& to) { to.*here = from.*there; }};
}

Detector detector_of(const Settings& settings) {
  return settings.detector == "gossip" ? Detector::gossip : Detector::pingack;
}
HeartbeatCast cast_of(const Settings& settings) {
  return settings.heartbeat_cast == "broadcast" ? HeartbeatCast::broadcast : HeartbeatCast::unicast;
}

using From = Settings;
using Change = SettingsChange;
using To = ClusterSettings;
constexpr auto cluster_keys = std::to_array<ClusterKey>({
    {.name = "detector",
     .change = [](const From& from, Change& to) { to.detector = detector_of(from); },
     .read = [](const From& from, To& to) { to.detector = detector_of(from); },
     .write = [](const To& from, From& to) { to.detector = to_text(from.detector); }},
    plain<&From::suspicion, &Change::suspicion, &To::suspicion>("suspicion"),
    plain<&From::suspicion_time, &Change::suspicion_time, &To::suspicion_time>("suspicion-time"),
    plain<&From::probe_interval, &Change::probe_interval, &To::probe_interval>("probe-interval"),
    plain<&From::probe_timeout, &Change::probe_timeout, &To::probe_timeout>("probe-timeout"),
    plain<&From::indirect_probes, &Change::indirect_probes, &To::indirect_probes>(
        "indirect-probes"),
    plain<&From::gossip_interval, &Change::gossip_interval, &To::gossip_interval>(
        "gossip-interval"),
    plain<&From::gossip_fanout, &Change::gossip_fanout, &To::gossip_fanout>("gossip-fanout"),
    plain<&From::fail_time, &Change::fail_time, &To::fail_time>("fail-time"),
    plain<&From::accrual_threshold, &Change::accrual_threshold, &To::accrual_threshold>(
        "accrual-threshold"),
    {.name = "heartbeat-cast",
     .change = [](const From& from, Change& to) { to.heartbeat_cast = cast_of(from); },
     .read = [](const From& from, To& to) { to.heartbeat_cast = cast_of(from); },
     .write = [](const To& from, From& to) { to.heartbeat_cast = to_text(from.heartbeat_cast); }},
    plain<&From::cleanup_time, &Change::cleanup_time, &To::cleanup_time>("cleanup-time"),
    plain<&From::drop_rate, &Change::drop_rate, &To::drop_rate>("drop-rate"),
});

std::string unknown_key(const std::string& key) {
  const std::string_view meant = nearest_key(key);
  std::string message = "no such key";
  if (!meant.empty()) message += "; did you mean " + std::string(meant) + "?";
  return message;
}

std::string own_key(const Key& key) {
  std::string message = "is this member's own, and cannot be changed while it runs";
  message += key.reload == Reload::on_sighup ? ": change its file, and send it SIGHUP"
                                             : ": change its file or flag, and start it again";
  return message;
}

}  // namespace

ClusterSettings cluster_settings(const Settings& settings) {
  ClusterSettings shared;
  for (const ClusterKey& key : cluster_keys) key.read(settings, shared);
  return shared;
}

Settings with_cluster_settings(Settings settings, const ClusterSettings& in_force) {
  for (const ClusterKey& key : cluster_keys) key.write(in_force, settings);
  return settings;
}

SettingsChange change_of(const Settings& settings,
                         const std::set<std::string_view, std::less<>>& keys) {
  SettingsChange change;
  std::size_t count = 0;
  for (const ClusterKey& key : cluster_keys) {
    if (!keys.contains(key.name)) continue;
    key.change(settings, change);
    ++count;
  }
  ROLLCALL_CHECK(count == keys.size());
  return change;
}

void ChangeReader::read(const std::string& name, const Json& value) {
  const auto report = [&](std::string message) {
    problems_.push_back({shown(name), std::move(message)});
  };
  const Key* const key = find_key(name);
  if (key == nullptr) return report(unknown_key(name));
  if (key->reload != Reload::live) return report(own_key(*key));
  if (value.is_structured() || value.is_null()) {
    return report("found " + shown_json(value) + "; allowed: " + value_name(*key) +
                  ", as text or a number");
  }
  if (!keys_.insert(key->name).second) return report("given twice; allowed: once");
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  auto assigned = assign(settings_, *key, {RawValue::Shape::scalar, {text}});
  if (!assigned) report(std::move(assigned).error());
}

}  // namespace rollcall::agent
