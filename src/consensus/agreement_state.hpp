// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "consensus/agreement.hpp"
#include "consensus/agreement_parts.hpp"
#include "consensus/check_duty.hpp"
#include "consensus/cluster_keeper.hpp"
#include "consensus/cluster_picture.hpp"
#include "consensus/evictions.hpp"
#include "consensus/failure_reports.hpp"
#include "consensus/heartbeats.hpp"
#include "consensus/reads.hpp"
#include "consensus/requests.hpp"

namespace rollcall::consensus {

/// The registry and the parts around it; who is told what when.
class Agreement::State {
 public:
  State(const AgreementConfig& config, Instant now);

  // --- the log's words (agreement_log.cpp) ---
  void on(Committed& committed, AgreementEffects& effects);
  void on(Restored& restored, AgreementEffects& effects);
  void on(const ReadReady& ready, AgreementEffects& effects);
  void on(const ReadFailed& failed, AgreementEffects& effects);
  void on(const ProposalRefused& refused, AgreementEffects& effects);
  void on(Leadership& next, AgreementEffects& effects);

  // --- the other members' ---
  void on_peers(const Peers& peers, AgreementEffects& effects);
  void on_frame(const std::string& from, const Frame& frame, AgreementEffects& effects);

  // --- the clients' ---
  void on_check_failed(const registry::LeaseName& lease, AgreementEffects& effects);
  void submit(RequestToken token, Requests::Action action, Instant until,
              AgreementEffects& effects);
  void submit_removal(RequestToken token, std::string group, std::string id, Instant until,
                      AgreementEffects& effects);
  void read(RequestToken token, Instant until, AgreementEffects& effects);
  void heartbeat(RequestToken token, std::string group, std::string id, Instant until,
                 AgreementEffects& effects);

  void on_paused(Duration pause) { evictions_.on_paused(pause, now_); }
  void on_deadline(AgreementEffects& effects);
  [[nodiscard]] Instant next_deadline() const;

  /// With every input; must not decrease.
  void set_now(Instant now);
  [[nodiscard]] const registry::Registry& registry() const { return registry_; }
  [[nodiscard]] const Leadership& leadership() const { return leadership_; }
  [[nodiscard]] std::string trouble() const;
  void check_invariants() const;

 private:
  [[nodiscard]] bool leads() const { return leadership_.is_leading && trouble_.empty(); }
  Moment at(AgreementEffects& effects) const {
    return {.now = now_,
            .registry = registry_,
            .leadership = leadership_,
            .is_leading = leads(),
            .effects = effects};
  }
  void stop(std::string why, AgreementEffects& effects);
  void begin_duties(const Moment& moment);
  void end_duties();
  void on_cluster_view(const Moment& moment);
  void on_picture(const Moment& moment);
  void send_report(const Moment& moment);
  void tell_if_removed(const Moment& moment);
  void tell_first_view(const Moment& moment);
  [[nodiscard]] bool is_failed_check(const std::string& from,
                                     const registry::LeaseName& lease) const;

  std::string self_;
  LifeId cluster_;
  Instant now_;
  registry::Registry registry_;
  std::uint64_t applied_ = 0;
  Leadership leadership_;
  bool has_first_view_ = false;
  std::string trouble_;  // why nothing is applied any more
  std::optional<Life> told_;

  Requests requests_;
  Reads reads_;
  Heartbeats heartbeats_;
  Evictions evictions_;
  ClusterPicture picture_;
  FailureReports reports_;
  ClusterKeeper keeper_;
  CheckDuty checks_;
};

}  // namespace rollcall::consensus
