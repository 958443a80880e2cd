// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "consensus/raft/raft_rig_test.hpp"

/// Messages in few words, for transcripts.
namespace rollcall::consensus::raft {

inline VoteRequest asks(std::uint64_t term, Position last, VoteKind kind = VoteKind::vote) {
  return {.term = Term{term}, .kind = kind, .cause = CampaignCause::silence, .last = last};
}
inline VoteRequest asks_by_transfer(std::uint64_t term, Position last) {
  return {
      .term = Term{term}, .kind = VoteKind::vote, .cause = CampaignCause::transfer, .last = last};
}
inline VoteReply answers(std::uint64_t term, Vote vote, VoteKind kind = VoteKind::vote) {
  return {.term = Term{term}, .kind = kind, .vote = vote};
}
inline Append appends(std::uint64_t term, Position previous, std::uint64_t commit,
                      std::vector<Entry> entries = {}) {
  return {.term = Term{term},
          .previous = previous,
          .commit = Index{commit},
          .round = 0,
          .entries = std::move(entries)};
}
inline AppendReply lacks(std::uint64_t term, std::uint64_t refused, Position hint) {
  return {.term = Term{term},
          .result = AppendResult::mismatch,
          .match = hint.index,
          .match_term = hint.term,
          .refused = Index{refused},
          .round = 0};
}
inline InstallChunk piece(std::uint64_t term, Position last, std::uint64_t offset,
                          std::uint64_t bytes, std::uint64_t size) {
  return {.term = Term{term},
          .snapshot = {.last = last, .membership = voters(3), .size = size},
          .offset = offset,
          .round = 0,
          .data = ByteVector(bytes)};
}
inline InstallReply installed(std::uint64_t term, InstallResult result, Position snapshot,
                              std::uint64_t next_offset) {
  return {.term = Term{term},
          .result = result,
          .snapshot = snapshot,
          .next_offset = next_offset,
          .round = 0};
}

}  // namespace rollcall::consensus::raft
