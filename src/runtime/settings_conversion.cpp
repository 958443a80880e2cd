// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "runtime/settings_conversion.hpp"

#include <charconv>
#include <utility>

#include "base/ids.hpp"

namespace rollcall {

std::string_view to_text(Detector detector) {
  return detector == Detector::gossip ? "gossip" : "pingack";
}

std::string_view to_text(HeartbeatCast cast) {
  return cast == HeartbeatCast::broadcast ? "broadcast" : "unicast";
}

}  // namespace rollcall

namespace rollcall::runtime {
namespace {

core::DetectorKind to_core(Detector detector) {
  return detector == Detector::gossip ? core::DetectorKind::gossip : core::DetectorKind::pingack;
}
Detector to_public(core::DetectorKind kind) {
  return kind == core::DetectorKind::gossip ? Detector::gossip : Detector::pingack;
}
core::HeartbeatCast to_core(HeartbeatCast cast) {
  return cast == HeartbeatCast::broadcast ? core::HeartbeatCast::broadcast
                                          : core::HeartbeatCast::unicast;
}
HeartbeatCast to_public(core::HeartbeatCast cast) {
  return cast == core::HeartbeatCast::broadcast ? HeartbeatCast::broadcast : HeartbeatCast::unicast;
}

}  // namespace

core::SettingsScope to_core(SettingsScope scope) {
  return scope == SettingsScope::local ? core::SettingsScope::local : core::SettingsScope::cluster;
}

core::SettingsChange to_core(const SettingsChange& change) {
  core::SettingsChange to;
  if (change.detector) to.detector = to_core(*change.detector);
  to.suspicion_enabled = change.suspicion;
  to.suspicion_time = change.suspicion_time;
  to.probe_interval = change.probe_interval;
  to.probe_timeout = change.probe_timeout;
  to.indirect_probes = change.indirect_probes;
  to.gossip_interval = change.gossip_interval;
  to.gossip_fanout = change.gossip_fanout;
  to.fail_time = change.fail_time;
  to.accrual_threshold = change.accrual_threshold;
  if (change.heartbeat_cast) to.heartbeat_cast = to_core(*change.heartbeat_cast);
  to.cleanup_time = change.cleanup_time;
  to.drop_rate = change.drop_rate;
  return to;
}

core::ClusterSettings to_core(const ClusterSettings& settings) {
  return {.detector = to_core(settings.detector),
          .suspicion_enabled = settings.suspicion,
          .suspicion_time = settings.suspicion_time,
          .probe_interval = settings.probe_interval,
          .probe_timeout = settings.probe_timeout,
          .indirect_probes = settings.indirect_probes,
          .gossip_interval = settings.gossip_interval,
          .gossip_fanout = settings.gossip_fanout,
          .fail_time = settings.fail_time,
          .accrual_threshold = settings.accrual_threshold,
          .heartbeat_cast = to_core(settings.heartbeat_cast),
          .cleanup_time = settings.cleanup_time,
          .drop_rate = settings.drop_rate};
}

core::ClusterSettings to_core_settings(const Options& options) {
  return {.detector = to_core(options.detector),
          .suspicion_enabled = options.suspicion,
          .suspicion_time = options.suspicion_time,
          .probe_interval = options.probe_interval,
          .probe_timeout = options.probe_timeout,
          .indirect_probes = options.indirect_probes,
          .gossip_interval = options.gossip_interval,
          .gossip_fanout = options.gossip_fanout,
          .fail_time = options.fail_time,
          .accrual_threshold = options.accrual_threshold,
          .heartbeat_cast = to_core(options.heartbeat_cast),
          .cleanup_time = options.cleanup_time,
          .drop_rate = options.drop_rate};
}

ClusterSettings to_public(const core::ClusterSettings& settings) {
  return {.detector = to_public(settings.detector),
          .suspicion = settings.suspicion_enabled,
          .suspicion_time = settings.suspicion_time,
          .probe_interval = settings.probe_interval,
          .probe_timeout = settings.probe_timeout,
          .indirect_probes = settings.indirect_probes,
          .gossip_interval = settings.gossip_interval,
          .gossip_fanout = settings.gossip_fanout,
          .fail_time = settings.fail_time,
          .accrual_threshold = settings.accrual_threshold,
          .heartbeat_cast = to_public(settings.heartbeat_cast),
          .cleanup_time = settings.cleanup_time,
          .drop_rate = settings.drop_rate};
}

LifeId to_origin(const std::string& origin) {
  constexpr std::size_t digits = 16;  // of each half
  LifeId id;
  const auto read = [&origin](std::size_t from, std::uint64_t& half) {
    const char* const begin = origin.data() + from;
    const auto [end, error] = std::from_chars(begin, begin + digits, half, 16);
    return error == std::errc{} && end == begin + digits;
  };
  const bool is_read = origin.size() == 2 * digits && read(0, id.high) && read(digits, id.low);
  return is_read ? id : LifeId{};
}

SettingsVersion to_public(const core::SettingsVersion& version) {
  if (version.number == 0) return {};
  return {.number = version.number, .origin = to_text(version.origin)};
}

SettingsInForce to_public(const core::VersionedSettings& settings) {
  return {.settings = to_public(settings.settings),
          .version = to_public(settings.version),
          .by = settings.by,
          .is_local = settings.is_local};
}

std::shared_ptr<const SettingsNews> to_public(const core::Publish::SettingsNews& news) {
  SettingsNews told{.from = to_public(news.from.version),
                    .to = to_public(news.to.version),
                    .is_local = news.to.is_local,
                    .differences = {}};
  for (core::SettingDifference& one : core::differences(news.from.settings, news.to.settings)) {
    told.differences.push_back({std::move(one.name), std::move(one.from), std::move(one.to)});
  }
  return std::make_shared<const SettingsNews>(std::move(told));
}

}  // namespace rollcall::runtime
