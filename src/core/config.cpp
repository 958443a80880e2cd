// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"

#include <array>
#include <cstdio>

#include "base/text.hpp"
#include "core/detector/suspicion.hpp"

namespace rollcall::core {
namespace {

/// A number in a few digits, however large.
std::string short_text(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g", number);
  return text.data();
}

/// Collects what is wrong, in the order of the fields.
class Problems {
 public:
  void require(bool holds, std::string field, std::string message) {
    if (!holds) list_.push_back({std::move(field), std::move(message)});
  }
  void in_range(Duration value, Duration low, Duration high, const std::string& field) {
    require(low <= value && value <= high, field,
            duration_text(value) + " is out of range; allowed: " + duration_text(low) + " to " +
                duration_text(high));
  }
  std::vector<ConfigProblem> take() { return std::move(list_); }

 private:
  std::vector<ConfigProblem> list_;
};

void check_identity(const Config& config, Problems& problems) {
  problems.require(
      is_valid_name(config.name), "name",
      "'" + config.name + "' is not a member name; allowed: " + std::string(name_rule));
  problems.require(
      is_valid_name(config.cluster), "cluster",
      "'" + config.cluster + "' is not a cluster name; allowed: " + std::string(name_rule));
  problems.require(!config.advertise.is_unspecified() && config.advertise.port != 0, "advertise",
                   to_text(config.advertise) +
                       " cannot be sent to; allowed: an address of this host and a port above 0");
  problems.require(wire::encode_tags(config.tags).has_value(), "tag",
                   "the tags are longer than " + std::to_string(wire::tags_bytes_max) +
                       " bytes in all, or a key is empty or longer than 255 bytes");
}

void check_swim(const SwimTuning& swim, Problems& problems) {
  problems.require(swim.suspicion_multiplier >= 1 && swim.suspicion_multiplier <= 100,
                   "swim.suspicion-multiplier", "is out of range; allowed: 1 to 100");
  problems.require(swim.suspicion_max_multiplier >= 1 && swim.suspicion_max_multiplier <= 100,
                   "swim.suspicion-max-multiplier", "is out of range; allowed: 1 to 100");
  problems.require(swim.confirmations < Witnesses::witnesses_max, "swim.confirmations",
                   std::to_string(swim.confirmations) + " is out of range; allowed: 0 to " +
                       std::to_string(Witnesses::witnesses_max - 1));
}

void check_profile(const Config& config, Problems& problems) {
  check_swim(config.swim, problems);
  problems.in_range(config.anti_entropy_interval, 1s, 24h, "anti-entropy-interval");
  problems.in_range(config.leave_timeout, 0s, 1min, "leave-timeout");
  problems.in_range(config.exchange_timeout, 100ms, 1min, "exchange-timeout");
}

void check_probing(const ClusterSettings& settings, Problems& problems) {
  problems.in_range(settings.probe_interval, 50ms, 10min, "probe-interval");
  problems.in_range(settings.probe_timeout, 10ms, 10min, "probe-timeout");
  problems.require(settings.probe_timeout <= settings.probe_interval, "probe-timeout",
                   duration_text(settings.probe_timeout) + " is above probe-interval (" +
                       duration_text(settings.probe_interval) +
                       "); allowed: at most the interval, so that one probe ends before the next");
  problems.require(settings.indirect_probes <= 16, "indirect-probes",
                   std::to_string(settings.indirect_probes) + " is out of range; allowed: 0 to 16");
  if (settings.suspicion_time != Duration::zero()) {
    problems.in_range(settings.suspicion_time, 100ms, 1h, "suspicion-time");
  }
}

void check_heartbeats(const ClusterSettings& settings, Problems& problems) {
  problems.in_range(settings.gossip_interval, 10ms, 1min, "gossip-interval");
  problems.require(
      settings.gossip_fanout <= 64, "gossip-fanout",
      std::to_string(settings.gossip_fanout) + " is out of range; allowed: auto, or 1 to 64");
  if (settings.fail_time != Duration::zero()) {
    problems.in_range(settings.fail_time, 100ms, 1h, "fail-time");
    problems.require(settings.fail_time / 4 >= settings.gossip_interval, "fail-time",
                     duration_text(settings.fail_time) + " is below four times gossip-interval (" +
                         duration_text(settings.gossip_interval) +
                         "); allowed: auto, or at least that, so that a lost heartbeat or two "
                         "accuse nobody");
  }
  const double phi = settings.accrual_threshold;
  problems.require(phi == 0 || (phi >= 1 && phi <= 100), "accrual-threshold",
                   short_text(phi) + " is out of range; allowed: off, or a phi of 1 to 100");
}

void check_settings(const ClusterSettings& settings, Profile profile, Problems& problems) {
  check_probing(settings, problems);
  check_heartbeats(settings, problems);
  problems.require(profile == Profile::rollcall || settings.detector == DetectorKind::pingack,
                   "detector",
                   "gossip does not go with profile swim, whose rules are for ping and ack; "
                   "allowed: pingack, or profile rollcall");
  problems.in_range(settings.cleanup_time, 1s, 24h * 30, "cleanup-time");
  problems.require(settings.drop_rate >= 0 && settings.drop_rate <= 1, "drop-rate",
                   short_text(settings.drop_rate) + " is out of range; allowed: 0 to 1");
}

}  // namespace

std::vector<ConfigProblem> validate(const Config& config) {
  Problems problems;
  check_identity(config, problems);
  check_settings(config, config.profile, problems);
  check_profile(config, problems);
  return problems.take();
}

std::vector<ConfigProblem> validate(const ClusterSettings& settings, Profile profile) {
  Problems problems;
  check_settings(settings, profile, problems);
  return problems.take();
}

}  // namespace rollcall::core
