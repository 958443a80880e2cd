// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "lab/scenario_settings.hpp"

#include <array>

namespace rollcall::lab {

std::span<const Setting> detector_settings() {
  using core::Config;
  static constexpr std::array settings = {
      Setting{"probe-interval", &Config::probe_interval},
      Setting{"probe-timeout", &Config::probe_timeout},
      Setting{"indirect-probes", &Config::indirect_probes},
      Setting{"suspicion-time", &Config::suspicion_time, "auto"},
      Setting{"gossip-interval", &Config::gossip_interval},
      Setting{"gossip-fanout", &Config::gossip_fanout, "auto"},
      Setting{"fail-time", &Config::fail_time, "auto"},
      Setting{"accrual-threshold", &Config::accrual_threshold, "off"},
      Setting{"drop-rate", &Config::drop_rate},
      Setting{"anti-entropy-interval", &Config::anti_entropy_interval},
      Setting{"cleanup-time", &Config::cleanup_time},
      Setting{"leave-timeout", &Config::leave_timeout},
      Setting{"exchange-timeout", &Config::exchange_timeout},
  };
  return settings;
}

std::span<const Bound> bounds() {
  using E = Expectations;
  static constexpr std::array all = {
      Bound{"converged-within", &E::converged_within},
      Bound{"crash-known-within", &E::crash_known_within},
      Bound{"silence-known-within", &E::silence_known_within},
      Bound{"settings-agreed-within", &E::settings_agreed_within},
      Bound{"detection-median", &E::detection_median},
      Bound{"detection-p99", &E::detection_p99},
      Bound{"first-detection-median", &E::first_detection_median},
      Bound{"first-detection-p99", &E::first_detection_p99},
      Bound{"false-failures", &E::false_failures},
      Bound{"failures-of-living", &E::failures_of_living},
      Bound{"suspicions", &E::suspicions},
      Bound{"bytes-per-second", &E::bytes_per_second},
      Bound{"datagrams-per-second", &E::datagrams_per_second},
  };
  return all;
}

}  // namespace rollcall::lab
