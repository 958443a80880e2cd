// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/raft/text.hpp"

#include <string_view>
#include <variant>

#include "consensus/raft/raft.hpp"

namespace rollcall::consensus::raft {
namespace {

template <class Number>
std::string digits(Number value) {
  if constexpr (std::is_enum_v<Number>) {
    return std::to_string(static_cast<std::uint64_t>(value));
  } else {
    return std::to_string(value);
  }
}

std::string ids(const std::vector<VoterId>& list) {
  std::string text;
  for (const VoterId id : list) text += (text.empty() ? "" : " ") + digits(id);
  return text;
}

std::string entries_text(const std::vector<Entry>& entries) {
  if (entries.empty()) return "no entries";
  const Position first{.term = entries.front().term, .index = entries.front().index};
  const Position last{.term = entries.back().term, .index = entries.back().index};
  if (entries.size() == 1) {
    return std::string(to_text(entries.front().kind)) + " " + to_text(first);
  }
  return "entries " + to_text(first) + " to " + to_text(last);
}

std::string kind_text(VoteKind kind) {
  return kind == VoteKind::vote ? "vote" : "pre-vote";
}

struct MessageWords {
  std::string operator()(const VoteRequest& message) const {
    return "asks for a " + kind_text(message.kind) + " in term " + digits(message.term) +
           ", last " + to_text(message.last) +
           (message.cause == CampaignCause::transfer ? ", by transfer" : "");
  }
  std::string operator()(const VoteReply& message) const {
    return std::string(message.vote == Vote::granted ? "grants" : "refuses") + " a " +
           kind_text(message.kind) + " in term " + digits(message.term);
  }
  std::string operator()(const Append& message) const {
    return "append in term " + digits(message.term) + " after " + to_text(message.previous) + ", " +
           entries_text(message.entries) + ", commit " + digits(message.commit) + ", round " +
           digits(message.round);
  }
  std::string operator()(const AppendReply& message) const {
    if (message.result == AppendResult::accepted) {
      return "has " + digits(message.match) + " in term " + digits(message.term) + ", round " +
             digits(message.round);
    }
    return "lacks " + digits(message.refused) + " in term " + digits(message.term) + ", try " +
           to_text(Position{.term = message.match_term, .index = message.match});
  }
  std::string operator()(const InstallChunk& message) const {
    return "snapshot " + to_text(message.snapshot.last) + " in term " + digits(message.term) +
           ", " + digits(message.data.size()) + " bytes at " + digits(message.offset) + " of " +
           digits(message.snapshot.size);
  }
  std::string operator()(const InstallReply& message) const {
    return (message.result == InstallResult::installed ? "installed " : "wants more of ") +
           to_text(message.snapshot) + " from " + digits(message.next_offset) + " in term " +
           digits(message.term);
  }
  std::string operator()(const TimeoutNow& message) const {
    return "campaign now, says the leader of term " + digits(message.term);
  }
  std::string operator()(const NotMember& message) const {
    return "you are no member any more, in term " + digits(message.term);
  }
};

struct EffectWords {
  std::string operator()(const Store& effect) const {
    std::string text = "store #" + digits(effect.id) + ": term " + digits(effect.hard.term) +
                       ", vote " + digits(effect.hard.voted_for);
    if (effect.install) text += ", install " + to_text(effect.install->last);
    return text + ", from " + digits(effect.from) + " " + entries_text(effect.entries);
  }
  std::string operator()(const Send& effect) const {
    return "-> " + digits(effect.to) + " " + to_text(effect.message);
  }
  std::string operator()(const SendChunk& effect) const {
    return "-> " + digits(effect.to) + " piece of snapshot " + to_text(effect.snapshot.last) +
           ", " + digits(effect.size) + " bytes at " + digits(effect.offset);
  }
  std::string operator()(const StoreChunk& effect) const {
    return "store piece #" + digits(effect.id) + " of snapshot " + to_text(effect.snapshot.last) +
           ", " + digits(effect.data.size()) + " bytes at " + digits(effect.offset);
  }
  std::string operator()(const Apply& effect) const {
    return "apply " + digits(effect.first) + " to " + digits(effect.last);
  }
  std::string operator()(const RestoreSnapshot& effect) const {
    return "restore snapshot " + to_text(effect.snapshot.last);
  }
  std::string operator()(const TakeSnapshot& effect) const {
    return "take snapshot " + to_text(effect.last);
  }
  std::string operator()(const RoleChanged& effect) const {
    return "is " + std::string(to_text(effect.role)) + " in term " + digits(effect.term) +
           ", leader " + digits(effect.leader);
  }
  std::string operator()(const MembershipChanged& effect) const {
    return "membership " + to_text(effect.membership) + " at " + digits(effect.index) +
           (effect.settled == Settled::committed ? " committed" : " appended");
  }
  std::string operator()(const ReadReady& effect) const {
    return "read #" + digits(effect.id) + " ready at " + digits(effect.index);
  }
  std::string operator()(const ReadFailed& effect) const {
    return "read #" + digits(effect.id) + " failed";
  }
  std::string operator()(const TransferFailed& effect) const {
    return "transfer to " + digits(effect.to) + " failed";
  }
  std::string operator()(const Removed& effect) const {
    return "removed, says " + digits(effect.by) + " in term " + digits(effect.term);
  }
};

}  // namespace

std::string to_text(const Position& position) {
  return digits(position.index) + "@" + digits(position.term);
}
std::string to_text(const Membership& membership) {
  const std::string learners =
      membership.learners.empty() ? "" : ", learners " + ids(membership.learners);
  return "voters " + ids(membership.voters) + learners;
}
std::string to_text(const Message& message) {
  return std::visit(MessageWords{}, message);
}
std::string to_text(const Effect& effect) {
  return std::visit(EffectWords{}, effect);
}

std::string_view to_text(EntryKind kind) {
  switch (kind) {
    case EntryKind::no_op:
      return "no-op";
    case EntryKind::command:
      return "command";
    case EntryKind::membership:
      return "membership";
  }
  return "unknown";
}

std::string_view to_text(ConfigError error) {
  switch (error) {
    case ConfigError::no_self:
      return "the replica has no id";
    case ConfigError::timeouts:
      return "timeouts must be positive, and three heartbeats fit into an election timeout";
    case ConfigError::limits:
      return "a limit is zero, or more than a message can carry";
  }
  return "unknown";
}

std::string_view to_text(Role role) {
  switch (role) {
    case Role::follower:
      return "follower";
    case Role::pre_candidate:
      return "pre-candidate";
    case Role::candidate:
      return "candidate";
    case Role::leader:
      return "leader";
  }
  return "unknown";
}

std::string_view to_text(RestoreError error) {
  switch (error) {
    case RestoreError::config:
      return "the configuration is not valid";
    case RestoreError::gap:
      return "log entries are missing";
    case RestoreError::order:
      return "the terms in the log are out of order";
    case RestoreError::membership:
      return "a stored membership cannot be read";
  }
  return "unknown";
}

std::string_view to_text(ProposeError error) {
  switch (error) {
    case ProposeError::not_leader:
      return "not the leader";
    case ProposeError::transferring:
      return "leadership is being handed over";
    case ProposeError::too_large:
      return "the command is too large";
    case ProposeError::backlog:
      return "too many commands are not committed yet";
  }
  return "unknown";
}

std::string_view to_text(ChangeError error) {
  switch (error) {
    case ChangeError::not_leader:
      return "not the leader";
    case ChangeError::transferring:
      return "leadership is being handed over";
    case ChangeError::not_ready:
      return "the leader has committed nothing of its term yet";
    case ChangeError::in_progress:
      return "another change is not committed yet";
    case ChangeError::not_caught_up:
      return "the learner has not caught up";
    case ChangeError::invalid:
      return "does not apply to the present membership";
  }
  return "unknown";
}

std::string_view to_text(ReadError error) {
  switch (error) {
    case ReadError::not_leader:
      return "not the leader";
    case ReadError::backlog:
      return "too many reads wait";
  }
  return "unknown";
}

std::string_view to_text(TransferError error) {
  switch (error) {
    case TransferError::not_leader:
      return "not the leader";
    case TransferError::busy:
      return "another transfer is under way";
    case TransferError::not_voter:
      return "not another voter";
  }
  return "unknown";
}

}  // namespace rollcall::consensus::raft
