// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "consensus/agreement.hpp"
#include "consensus/cluster_picture.hpp"
#include "consensus/frames.hpp"

namespace rollcall::consensus {

/// What this member tells the leader of members that failed: those whom it is one of the chosen
/// observers of, the same few on all members who see the same others alive.
///
/// Limits:  cut_reports_max names a report; a failed member costs about two questions a chosen
///          observer, and O(members alive) where this member is one.
/// Threads: none; the caller serialises calls.
class FailureReports {
 public:
  explicit FailureReports(const AgreementConfig& config)
      : self_(config.self),
        observers_(config.observers),
        interval_(config.report_interval) {}

  /// Each is true when the report is to be sent now.
  [[nodiscard]] bool on_picture(const ClusterPicture& picture, Instant now);
  [[nodiscard]] bool on_leader(Instant now);
  [[nodiscard]] bool on_deadline(Instant now);

  [[nodiscard]] const CutReport& report() const { return report_; }
  [[nodiscard]] Instant next_deadline() const { return again_; }

 private:
  [[nodiscard]] bool is_observer(const std::string& subject, const ClusterPicture& picture) const;
  void sent(Instant now) { again_ = report_.failed.empty() ? never : now + interval_; }

  std::string self_;
  std::size_t observers_;
  Duration interval_;
  CutReport report_;
  Instant again_ = never;
};

}  // namespace rollcall::consensus
