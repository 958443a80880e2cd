// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>

#include "base/time.hpp"
#include "consensus/agreement_parts.hpp"
#include "consensus/alarms.hpp"

namespace rollcall::consensus {

/// Those who wait until the registry here is as new as any: each asks the log, and asks again when
/// it refuses or somebody else leads.
///
/// Limits:  as many as AgreementConfig::requests_waiting_max.
/// Threads: none; the caller serialises calls.
class Reads {
 public:
  explicit Reads(const AgreementConfig& config) : count_max_(config.requests_waiting_max) {}

  void read(RequestToken token, Instant until, const Moment& moment);
  void on_ready(ReadToken token, const Moment& moment);
  void on_failed(ReadToken token, const Moment& moment);
  /// Somebody leads who did not before.
  void ask_all(const Moment& moment);
  void on_deadline(const Moment& moment);

  [[nodiscard]] Instant next_deadline() const { return std::min(ends_.next(), retries_.next()); }
  void check_invariants() const;

 private:
  using Number = std::uint64_t;
  struct Open {
    RequestToken token{};
    std::uint64_t attempt = 0;  // zero: none under way
    Duration retry{};
  };

  void ask(Number number, Open& open, const Moment& moment);
  void finish(Number number, std::expected<void, RequestFailure> result, const Moment& moment);

  std::size_t count_max_;
  Number last_number_ = 0;
  std::uint64_t last_attempt_ = 0;
  std::map<Number, Open> open_;
  std::map<std::uint64_t, Number> attempts_;
  Alarms<Number> ends_;
  Alarms<Number> retries_;
};

}  // namespace rollcall::consensus
