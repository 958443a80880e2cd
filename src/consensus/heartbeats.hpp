// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "consensus/agreement_parts.hpp"
#include "consensus/alarms.hpp"
#include "consensus/frames.hpp"
#include "registry/lease_keeper.hpp"

namespace rollcall::consensus {

/// The heartbeats of clients: those asked of this member, and on the leader those of all.
///
/// A leader notes a heartbeat at once and answers when a read that was asked for later has
/// confirmed that it leads: what a deposed leader noted is lost, and nobody must be told that it
/// counts. All heartbeats that come while one such read is under way share the next.
///
/// What is answered is what holds when the read is ready: when it was noted, an entry that others
/// were shown already may not have been applied here.
///
/// Limits:  heartbeats_open_max of this member's own, and as many of others on the leader. Of
///          others, more are dropped: whoever asked asks again.
/// Threads: none; the caller serialises calls.
class Heartbeats {
 public:
  explicit Heartbeats(const AgreementConfig& config)
      : self_(config.self),
        count_max_(config.heartbeats_open_max),
        silence_(config.propose_again) {}

  void heartbeat(RequestToken token, std::string group, std::string id, Instant until,
                 registry::LeaseKeeper& keeper, const Moment& moment);
  void on_renew(const std::string& from, const Renew& renew, registry::LeaseKeeper& keeper,
                const Moment& moment);
  void on_reply(const RenewReply& reply, const Moment& moment);
  void on_ready(ReadToken token, const Moment& moment);
  void on_failed(ReadToken token, LogRefusal why, const Moment& moment);
  /// Who leads, or its term, changed: what was noted until now is lost.
  void on_leadership(registry::LeaseKeeper& keeper, const Moment& moment);
  void on_deadline(registry::LeaseKeeper& keeper, const Moment& moment);

  [[nodiscard]] Instant next_deadline() const {
    return std::min({ends_.next(), retries_.next(), read_again_});
  }
  void check_invariants() const;

 private:
  using Number = std::uint64_t;
  struct Open {
    RequestToken token{};
    std::string group;
    std::string id;
    Duration retry{};
    bool was_sent = false;  // it may count, although nobody said so
  };
  /// Noted by the leaseholders' keeper here, and to be answered once it is sure that it leads.
  struct Noted {
    std::string member;  // empty: this member's own
    std::uint64_t token = 0;
    std::string group;
    std::string id;
    registry::Heartbeat outcome{};
  };

  void try_one(Number number, Open& open, registry::LeaseKeeper& keeper, const Moment& moment);
  void finish(Number number, std::expected<registry::Heartbeat, RequestFailure> result,
              const Moment& moment);
  void retry_later(Number number, const Moment& moment);
  void confirm(const Moment& moment);
  void ask(const Moment& moment);
  void answer(Noted noted, const Moment& moment);
  /// All that were noted: others are told to ask again, the own are due at once.
  void forget_noted(const Moment& moment);

  std::string self_;
  std::size_t count_max_;
  Duration silence_;
  Number last_number_ = 0;
  std::uint64_t last_attempt_ = 0;
  std::map<Number, Open> open_;
  Alarms<Number> ends_;
  Alarms<Number> retries_;
  std::vector<Noted> gathering_;
  std::vector<Noted> confirming_;  // those that the present read confirms
  std::optional<ReadToken> read_;
  Instant read_again_ = never;
  Duration read_retry_{};
};

}  // namespace rollcall::consensus
