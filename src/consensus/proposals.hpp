// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consensus/agreement_parts.hpp"
#include "consensus/alarms.hpp"

namespace rollcall::consensus {

/// Proposes each command again and again until it is taken out: soon after a refusal, after a
/// while without a word, and at once when there is a new leader.
///
/// Order:   when all are proposed again, in the order in which they were added.
/// Limits:  none of its own; the caller bounds what it adds.
/// Threads: none; the caller serialises calls.
class Proposals {
 public:
  /// In the order of add().
  enum class Id : std::uint64_t {};

  /// Silence: how long without a word until a command is taken for lost; twice and four times
  /// that for those that are lost again, so that a slow log is not buried in copies.
  Proposals(ProposalOwner owner, Duration silence) : owner_(owner), silence_(silence) {}

  Id add(ByteVector command, const Moment& moment);
  void remove(Id id);
  void clear();

  /// Which it was, if it still is proposed: it will be again, unless it is taken out.
  std::optional<Id> on_refused(const ProposalRefused& refused, Instant now);
  /// Somebody leads who did not before.
  void propose_all(const Moment& moment);
  void on_deadline(const Moment& moment);

  [[nodiscard]] Instant next_deadline() const { return alarms_.next(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] std::optional<Id> find(Bytes command) const;
  /// Whether it may have been appended, or may be yet, by somebody.
  [[nodiscard]] bool may_be_done(Id id) const;
  void check_invariants() const;

 private:
  /// Zero: there is none.
  using Attempt = std::uint64_t;
  struct Item {
    ByteVector command;
    Attempt attempt = 0;  // that is without an answer
    std::uint32_t silences = 0;
    Duration retry{};
    bool had_leader = false;     // when it was proposed last
    bool was_uncertain = false;  // an earlier attempt ended without a clear refusal
  };

  void propose(Id id, Item& item, const Moment& moment);

  ProposalOwner owner_;
  Duration silence_;
  std::uint64_t last_id_ = 0;
  Attempt last_attempt_ = 0;
  std::map<Id, Item> items_;
  std::map<Attempt, Id> attempts_;
  Alarms<Id> alarms_;
};

}  // namespace rollcall::consensus
