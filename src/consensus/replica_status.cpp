// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>

#include "consensus/replica_state.hpp"

/// How the log is doing, for people.
namespace rollcall::consensus {
namespace {

std::string hex(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned shift = 64; shift > 0; shift -= 4) text += digits[(number >> (shift - 4)) & 0xFU];
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

LogStatus Replica::State::status(Instant now) const {
  LogStatus status{.engine = "raft",
                   .log = log_,
                   .role = role_text(),
                   .term = leadership_.term,
                   .leader = leadership_.leader,
                   .commit = raft::number(delivered_),
                   .applied = raft::number(delivered_),
                   .voters = {},
                   .learners = {},
                   .stale_for = stale_for(now),
                   .trouble = trouble()};
  if (!participates()) {
    status.voters = learned_.voters;
    std::ranges::sort(status.voters);
    return status;
  }
  status.commit = std::max(status.commit, raft::number(raft_->commit()));
  for (const raft::VoterId id : raft_->membership().voters) {
    status.voters.push_back(voter_text(id));
  }
  for (const raft::VoterId id : raft_->membership().learners) {
    status.learners.push_back(voter_text(id));
  }
  std::ranges::sort(status.voters);
  std::ranges::sort(status.learners);
  return status;
}

std::string Replica::State::role_text() const {
  if (log_.is_nobody()) return "none";
  if (leads()) return "leader";
  if (!participates()) return "follower";
  return raft_->membership().is_voter(config_.raft.self) ? "voter" : "learner";
}

std::string Replica::State::voter_text(raft::VoterId id) const {
  const std::string_view name = name_of(id);
  return name.empty() ? "voter-" + hex(raft::number(id)) : std::string(name);
}

/// Zero while it is known to be up to date; a follower is while its questions are answered.
Duration Replica::State::stale_for(Instant now) const {
  if (!sure_at_) return never - start_;
  const Duration since = std::max(now - *sure_at_, Duration::zero());
  if (participates()) {
    // What was committed a moment ago is applied in a moment.
    const bool is_hearing = raft_->leader() != raft::VoterId::nobody;
    return is_hearing && since <= config_.raft.election_timeout ? Duration::zero() : since;
  }
  return since <= 2 * config_.fetch_patience ? Duration::zero() : since;
}

std::string Replica::State::trouble() const {
  const std::string other = other_log_text();
  if (!leadership_.leader.empty()) return other;
  if (raft_ && raft_->store_failing()) {
    return "the data directory refuses to be written to, and no other voter leads: see whether its "
           "disk is full or read-only";
  }
  if (!other.empty()) return other;
  return log_.is_nobody() ? no_log_text() : no_leader_text();
}

/// Whether the members' data belongs to several logs. While a log has a leader, only those who are
/// fewer need to hear of it.
std::string Replica::State::other_log_text() const {
  if (log_.is_nobody()) return {};
  std::size_t same = 1;
  std::size_t others = 0;
  std::string name;
  LogId log;
  for (const Peer& peer : peers_) {
    if (!peer.is_live() || peer.name == config_.self || peer.log.is_nobody()) continue;
    if (peer.log == log_) {
      ++same;
    } else if (++others == 1) {
      name = peer.name;
      log = peer.log;
    }
  }
  if (others == 0 && other_log_ && peer(other_log_->first) != nullptr &&
      peer(other_log_->first)->is_live() && peer(other_log_->first)->log != log_) {
    std::tie(name, log) = *other_log_;
  }
  if (name.empty() || (!leadership_.leader.empty() && others < same)) return {};
  return "this member's data belongs to log " + to_text(log_) + ", member " + name + " is of log " +
         to_text(log) +
         ": they were begun apart and cannot be joined; stop the members of one of them, remove "
         "their data directories, and let them join the others";
}

std::string Replica::State::no_log_text() const {
  if (!config_.lost_log.is_nobody()) {
    return "the log " + to_text(config_.lost_log) +
           " that this member had a part in is gone from its data directory, and no voter of it "
           "has answered yet: start the others; if none of them has it either, remove the data "
           "directory";
  }
  const std::string member = std::to_string(config_.bootstrap_expect);
  if (config_.bootstrap_expect > 0 && raft_) {
    return "no log was begun: " + member + " members with --bootstrap-expect " + member +
           " are waited for, and " + std::to_string(expecting().size() + 1) + " are here";
  }
  if (somebody_has_a_log()) return "no voter has answered yet";
  return "no log was begun: start one member with --is-introducer and a data directory, or all "
         "with --bootstrap-expect N";
}

std::string Replica::State::no_leader_text() const {
  std::vector<std::string> voters;
  std::vector<std::string> missing;
  const auto note = [&](std::string name, std::string_view of) {
    const Peer* known = of.empty() ? nullptr : peer(of);
    const bool here = of == config_.self || (known != nullptr && known->is_live());
    if (!here) missing.push_back(name);
    voters.push_back(std::move(name));
  };
  if (participates()) {
    for (const raft::VoterId id : raft_->membership().voters) note(voter_text(id), name_of(id));
  } else {
    for (const std::string& name : learned_.voters) note(name, name);
  }
  std::ranges::sort(voters);
  std::ranges::sort(missing);
  if (voters.empty()) return "no voter is known that could be asked who leads";
  const std::string of = "of the voters " + joined(voters);
  if (missing.empty()) return "no leader: " + of + " one is about to be elected";
  const bool enough = 2 * (voters.size() - missing.size()) > voters.size();
  return "no leader: " + of + ", these are missing: " + joined(missing) +
         (enough ? "; the others are about to elect one" : "; more than half of them must be here");
}

}  // namespace rollcall::consensus
