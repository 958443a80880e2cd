// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "core/config.hpp"

#include "base/text.hpp"
#include "core/detector/suspicion.hpp"

namespace rollcall::core {
namespace {

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

void check_detection(const Config& config, Problems& problems) {
  problems.in_range(config.probe_interval, 50ms, 10min, "probe-interval");
  problems.in_range(config.probe_timeout, 10ms, 10min, "probe-timeout");
  problems.require(config.probe_timeout <= config.probe_interval, "probe-timeout",
                   duration_text(config.probe_timeout) + " is above probe-interval (" +
                       duration_text(config.probe_interval) +
                       "); allowed: at most the interval, so that one probe ends before the next");
  problems.require(config.indirect_probes <= 16, "indirect-probes",
                   std::to_string(config.indirect_probes) + " is out of range; allowed: 0 to 16");
  if (config.suspicion_time != Duration::zero()) {
    problems.in_range(config.suspicion_time, 100ms, 1h, "suspicion-time");
  }
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

void check_spreading(const Config& config, Problems& problems) {
  problems.in_range(config.gossip_interval, 10ms, 1min, "gossip-interval");
  problems.require(config.gossip_fanout <= 64, "gossip-fanout",
                   std::to_string(config.gossip_fanout) + " is out of range; allowed: 0 to 64");
  problems.in_range(config.anti_entropy_interval, 1s, 24h, "anti-entropy-interval");
  problems.in_range(config.cleanup_time, 1s, 24h * 30, "cleanup-time");
  problems.in_range(config.leave_timeout, 0s, 1min, "leave-timeout");
  problems.in_range(config.exchange_timeout, 100ms, 1min, "exchange-timeout");
}

}  // namespace

std::vector<ConfigProblem> validate(const Config& config) {
  Problems problems;
  check_identity(config, problems);
  check_detection(config, problems);
  check_swim(config.swim, problems);
  check_spreading(config, problems);
  return problems.take();
}

}  // namespace rollcall::core
