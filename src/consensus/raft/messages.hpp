// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "consensus/raft/membership.hpp"
#include "consensus/raft/types.hpp"

/// What replicas say to each other. Every message may be lost, doubled, delayed or overtaken.
/// Encoding is the world's affair; a decoder must be total and keep the limits of config.hpp.
namespace rollcall::consensus::raft {

/// A state of the state machine after an index, kept outside the log.
struct SnapshotMeta {
  Position last;           // the last entry in it
  Membership membership;   // in force there
  std::uint64_t size = 0;  // bytes of its data, as the world keeps them

  bool operator==(const SnapshotMeta&) const = default;
};

enum class VoteKind : std::uint8_t {
  pre_vote,  // "would you, if I asked in this term?": changes nobody's term or vote
  vote
};
enum class CampaignCause : std::uint8_t {
  silence,  // nothing was heard of a leader
  transfer  // the leader asked for it; voters need not wait for its silence
};
struct VoteRequest {
  Term term{};  // that the candidate wants to lead, also for a pre-vote
  VoteKind kind{};
  CampaignCause cause{};
  Position last;  // of its log, all of it stored

  bool operator==(const VoteRequest&) const = default;
};

enum class Vote : std::uint8_t { refused, granted };
struct VoteReply {
  Term term{};  // granted: the request's; refused: the voter's own
  VoteKind kind{};
  Vote vote{};

  bool operator==(const VoteReply&) const = default;
};

/// Entries after a position, or none: then it only says that the leader leads.
struct Append {
  Term term{};
  Position previous;
  Index commit{};
  std::uint64_t round = 0;  // echoed; confirms reads
  std::vector<Entry> entries;

  bool operator==(const Append&) const = default;
};

enum class AppendResult : std::uint8_t {
  accepted,  //
  mismatch   // the follower's log does not have Append::previous
};
struct AppendReply {
  Term term{};
  AppendResult result{};
  /// accepted: everything up to here is stored and as the leader has it.
  /// mismatch: where the follower would like to go on after; below Append::previous.
  Index match{};
  /// mismatch: the term of the follower's entry at match, and the previous.index refused.
  Term match_term{};
  Index refused{};
  std::uint64_t round = 0;

  bool operator==(const AppendReply&) const = default;
};

/// A piece of the leader's snapshot, which is whole when offset + data reach snapshot.size.
struct InstallChunk {
  Term term{};
  SnapshotMeta snapshot;
  std::uint64_t offset = 0;
  std::uint64_t round = 0;
  ByteVector data;

  bool operator==(const InstallChunk&) const = default;
};

enum class InstallResult : std::uint8_t {
  more,      // wants the piece at next_offset
  installed  // has everything up to snapshot, stored
};
struct InstallReply {
  Term term{};
  InstallResult result{};
  Position snapshot;
  std::uint64_t next_offset = 0;
  std::uint64_t round = 0;

  bool operator==(const InstallReply&) const = default;
};

/// The leader asks a voter that has the whole log to campaign at once.
struct TimeoutNow {
  Term term{};

  bool operator==(const TimeoutNow&) const = default;
};

/// The leader, or a member that hears one, tells somebody who asks for votes that the committed
/// membership has it no more. To be believed by who hears no leader.
struct NotMember {
  Term term{};

  bool operator==(const NotMember&) const = default;
};

using Message = std::variant<VoteRequest, VoteReply, Append, AppendReply, InstallChunk,
                             InstallReply, TimeoutNow, NotMember>;

}  // namespace rollcall::consensus::raft
