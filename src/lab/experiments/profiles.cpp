// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/experiments/profiles.hpp"

namespace rollcall::lab {

using namespace std::chrono_literals;
namespace {

using core::SwimTuning;

core::Config published_config() {
  core::Config config;
  config.profile = core::Profile::swim;
  config.swim.compares_digests = false;
  config.anti_entropy_interval = 24h;
  return config;
}

}  // namespace

core::Config swim_config() {
  core::Config config = published_config();
  config.swim.targets = SwimTuning::Targets::random;
  config.swim.health_probe = SwimTuning::HealthProbe::off;
  config.swim.confirmations = 0;
  config.swim.buddy = false;
  config.swim.stream_probe = false;
  return config;
}

core::Config lifeguard_config(const LifeguardParts& parts, double alpha) {
  core::Config config = published_config();
  config.swim.suspicion_multiplier = alpha;
  config.swim.suspicion_max_multiplier = 6;
  config.swim.health_probe =
      parts.probe ? SwimTuning::HealthProbe::interval_and_timeout : SwimTuning::HealthProbe::off;
  config.swim.confirmations = parts.suspicion ? 3 : 0;
  config.swim.buddy = parts.buddy;
  return config;
}

core::Config memberlist_config() {
  core::Config config = published_config();
  config.anti_entropy_interval = 30s;  // its push/pull
  return config;
}

}  // namespace rollcall::lab
