// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "consensus/mutants.hpp"
#include "consensus/replica_state.hpp"

/// Proposals and reads: done here by the leader, sent on to it by everybody else.
namespace rollcall::consensus {

// --- proposals ---------------------------------------------------------------------------------
std::optional<LogRefusal> Replica::State::propose_here(ByteVector command) {
  std::optional<LogRefusal> refusal;
  with_raft([&](raft::Raft& raft, Instant at, raft::Effects& out) {
    const auto proposed = raft.propose(std::move(command), at, out);
    if (proposed) return;
    switch (proposed.error()) {
      case raft::ProposeError::not_leader:
      case raft::ProposeError::transferring:
        refusal = LogRefusal::no_leader;
        return;
      case raft::ProposeError::too_large:
        refusal = LogRefusal::too_large;
        return;
      case raft::ProposeError::backlog:
        refusal = LogRefusal::overloaded;
        return;
    }
  });
  return refusal;
}

void Replica::State::propose(ProposalToken token, ByteVector command) {
  if (command.size() > config_.raft.command_bytes_max) {
    return emit(ProposalRefused{.token = token, .why = LogRefusal::too_large});
  }
  if (leads()) {
    if (const auto refusal = propose_here(std::move(command))) {
      emit(ProposalRefused{.token = token, .why = *refusal});
    }
    return;
  }
  const std::string_view leader = leader_now();
  if (leader.empty()) return emit(ProposalRefused{.token = token, .why = LogRefusal::no_leader});
  send(std::string(leader),
       ProposeFrame{.log = log_, .token = token, .command = std::move(command)});
}

void Replica::State::propose_as_leader(ProposalToken token, ByteVector command, raft::Term term) {
  if (leads() && raft_->term() == term) propose(token, std::move(command));
}

void Replica::State::on_propose(const std::string& from, ProposeFrame& frame) {
  std::optional<LogRefusal> refusal = LogRefusal::no_leader;
  if (is_of_this_log(from, frame.log) && leads()) refusal = propose_here(std::move(frame.command));
  if (refusal) send(from, ProposeRefused{.token = frame.token, .why = *refusal});
}

// --- reads -------------------------------------------------------------------------------------
std::optional<LogRefusal> Replica::State::read_here(const std::string& from, ReadToken token) {
  std::optional<LogRefusal> refusal;
  const raft::ReadId id{++reads_asked_};
  readers_.emplace(id, Reader{.from = from, .token = token});
  with_raft([&](raft::Raft& raft, Instant at, raft::Effects& out) {
    const auto taken = raft.read(id, at, out);
    if (taken) return;
    readers_.erase(id);
    refusal =
        taken.error() == raft::ReadError::backlog ? LogRefusal::overloaded : LogRefusal::no_leader;
  });
  return refusal;
}

void Replica::State::read(ReadToken token) {
  if (is_mutant(Mutant::reads_what_is_here)) return emit(ReadReady{token});
  if (leads()) {
    if (const auto refusal = read_here({}, token)) {
      emit(ReadFailed{.token = token, .why = *refusal});
    }
    return;
  }
  const std::string_view leader = leader_now();
  if (leader.empty()) return emit(ReadFailed{.token = token, .why = LogRefusal::no_leader});
  if (reads_.size() >= config_.raft.reads_max || reads_.contains(token)) {
    return emit(ReadFailed{.token = token, .why = LogRefusal::overloaded});
  }
  const Instant until = now_ + config_.forward_timeout;
  reads_[token] = {.leader = std::string(leader), .until = until, .index = {}};
  reads_due_.emplace(until, token);
  send(std::string(leader), ReadFrame{.log = log_, .token = token});
}

void Replica::State::on_read(const std::string& from, const ReadFrame& frame) {
  const bool refused = !is_of_this_log(from, frame.log) || !leads() || read_here(from, frame.token);
  if (refused) send(from, ReadReply{.token = frame.token, .confirmed = false, .index = {}});
}

void Replica::State::on_read_reply(const std::string& from, const ReadReply& reply) {
  const auto found = reads_.find(reply.token);
  if (found == reads_.end() || found->second.leader != from || found->second.index) {
    ++counters_.frames_late;
    return;
  }
  if (!reply.confirmed) {
    close_read(reply.token);
    return emit(ReadFailed{.token = reply.token, .why = LogRefusal::no_leader});
  }
  found->second.index = reply.index;
  reads_confirmed_.emplace(reply.index, reply.token);
}

void Replica::State::close_read(ReadToken token) {
  const auto found = reads_.find(token);
  ROLLCALL_CHECK(found != reads_.end());
  reads_due_.erase({found->second.until, token});
  if (found->second.index) reads_confirmed_.erase({*found->second.index, token});
  reads_.erase(found);
}

/// Nobody will answer them any more; what is confirmed stays so.
void Replica::State::fail_reads_of(std::string_view leader) {
  std::vector<ReadToken> lost;
  for (const auto& [token, read] : reads_) {
    if (!read.index && read.leader == leader) lost.push_back(token);
  }
  for (const ReadToken token : lost) {
    close_read(token);
    emit(ReadFailed{.token = token, .why = LogRefusal::no_leader});
  }
}

void Replica::State::settle_reads() {
  while (!reads_confirmed_.empty() && reads_confirmed_.begin()->first <= delivered_) {
    const ReadToken token = reads_confirmed_.begin()->second;
    close_read(token);
    emit(ReadReady{token});
  }
  while (!reads_due_.empty() && reads_due_.begin()->first <= now_) {
    const ReadToken token = reads_due_.begin()->second;
    close_read(token);
    emit(ReadFailed{.token = token, .why = LogRefusal::no_leader});
  }
}

}  // namespace rollcall::consensus
