// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "consensus/log.hpp"
#include "consensus/raft/messages.hpp"
#include "registry/commands.hpp"
#include "registry/lease_keeper.hpp"

/// What members say to each other about what is agreed, on streams of their own. Every frame may
/// be lost (its stream breaks), doubled by who asks again, and late; of one stream none is
/// overtaken, but pieces of snapshots by all others.
namespace rollcall::consensus {

/// A longer frame is refused before it is read.
inline constexpr std::size_t frame_bytes_max = std::size_t{2} << 20U;
/// Of each text in a frame (checked by encode_frame()).
inline constexpr std::size_t frame_text_bytes_max = 256;
inline constexpr std::size_t cut_reports_max = 4096;

/// Between voters.
struct RaftFrame {
  LogId log;
  raft::VoterId from{};
  raft::VoterId to{};
  raft::Message message;
  bool operator==(const RaftFrame&) const = default;
};

/// "I am about to begin the log with all who expect each other: may I?" Who says yes begins none
/// itself, and says yes to nobody else, for begin_promise.
struct BeginAsk {
  raft::VoterId from{};
  std::uint64_t token = 0;  // echoed: a yes counts for the asking that it answers alone
  bool operator==(const BeginAsk&) const = default;
};
struct BeginReply {
  bool granted = false;
  LogId log;  // that the answerer has already, and then grants nothing; nobody: none
  std::uint64_t token = 0;
  bool operator==(const BeginReply&) const = default;
};

/// To the leader. Answered only when it cannot be appended.
struct ProposeFrame {
  LogId log;
  ProposalToken token{};
  ByteVector command;
  bool operator==(const ProposeFrame&) const = default;
};
struct ProposeRefused {
  ProposalToken token{};
  LogRefusal why{};
  bool operator==(const ProposeRefused&) const = default;
};

/// "Up to which index must I have applied to be up to date?" To the leader.
struct ReadFrame {
  LogId log;
  ReadToken token{};
  bool operator==(const ReadFrame&) const = default;
};
struct ReadReply {
  ReadToken token{};
  bool confirmed = false;
  raft::Index index{};
  bool operator==(const ReadReply&) const = default;
};

/// "What follows?" From a member without a vote to a voter, one at a time; the answer waits until
/// there is something, or for Fetch::patience_ms.
struct Fetch {
  LogId log;  // nobody: any
  std::uint64_t token = 0;
  raft::Index after{};
  std::uint32_t patience_ms = 0;
  /// The snapshot it is receiving, and how much of it it has; zero: none.
  raft::Position snapshot;
  std::uint64_t offset = 0;
  bool operator==(const Fetch&) const = default;
};
struct FetchedEntries {
  /// Commands alone, ascending; what lies between is the log's own. May be empty.
  std::vector<raft::Entry> entries;
  raft::Index upto{};     // all committed commands up to here are in it or before it
  raft::Index applied{};  // how far the answerer is: beyond upto there is more to fetch
  bool operator==(const FetchedEntries&) const = default;
};
struct FetchedPiece {
  raft::Position snapshot;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  ByteVector data;
  bool operator==(const FetchedPiece&) const = default;
};
/// "I am no voter of this log": ask one of those named, if any.
struct FetchElsewhere {
  bool operator==(const FetchElsewhere&) const = default;
};
struct FetchReply {
  LogId log;
  std::uint64_t token = 0;
  raft::Term term{};
  std::string leader;               // empty: nobody is known
  std::vector<std::string> voters;  // names, as far as known; at most raft members_max
  std::uint32_t stale_ms = 0;       // for how long the answerer has not been sure to be up to date
  std::variant<FetchedEntries, FetchedPiece, FetchElsewhere> what;
  bool operator==(const FetchReply&) const = default;
};

/// A client's heartbeat, to the leader.
struct Renew {
  std::uint64_t token = 0;
  std::string group;
  std::string id;
  bool operator==(const Renew&) const = default;
};
struct RenewReply {
  std::uint64_t token = 0;
  registry::Heartbeat outcome{};
  bool operator==(const RenewReply&) const = default;
};

/// Everybody whom the sender's failure detector finds failed and who still is in the view, to the
/// leader: the whole list, again when it changes and every report_interval while it is not empty.
struct CutReport {
  struct Failed {
    std::string name;
    Life life;
    bool operator==(const Failed&) const = default;
  };
  std::vector<Failed> failed;
  bool operator==(const CutReport&) const = default;
};

/// The responsible member's verdict upon a client's checks, to the leader.
struct CheckFailed {
  registry::LeaseName lease;
  bool operator==(const CheckFailed&) const = default;
};

/// For the log (replica.hpp) up to FetchReply; the others for the agreement above it.
using Frame = std::variant<RaftFrame, BeginAsk, BeginReply, ProposeFrame, ProposeRefused, ReadFrame,
                           ReadReply, Fetch, FetchReply, Renew, RenewReply, CutReport, CheckFailed>;

enum class FrameError : std::uint8_t {
  unknown_kind,  // of a later version, or nonsense
  malformed      // cut short, too long, or with a value that no rule allows
};
std::string_view to_text(FrameError error);

/// Layout: PROTOCOL.md, "Agreement streams". encode() gives kind and fields, without the length
/// that precedes them on a stream. The decoder is total; memory in proportion to the bytes.
void encode_frame(const Frame& frame, ByteVector& out);
std::expected<Frame, FrameError> decode_frame(Bytes bytes);

}  // namespace rollcall::consensus
