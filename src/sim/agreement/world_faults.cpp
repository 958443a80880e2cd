// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "sim/agreement/world_host.hpp"

/// What happens to members from outside.
namespace rollcall::sim::agreement {

void AgreementWorld::crash(std::size_t member) {
  Host& host = *hosts_[member];
  if (!host.process) return;
  const Run ended = host.run();
  if (host.disk) host.disk->crash(prng_);
  host.has_left = host.is_leaving;
  host.process.reset();
  host.is_paused = false;
  host.waiting.clear();
  net_.on_end(member);
  observer_.on_end(ended);
}

void AgreementWorld::restart(std::size_t member, Directory directory) {
  Host& host = *hosts_[member];
  crash(member);
  if (directory == Directory::lost && host.disk) {
    lost_voters_.insert(host.disk->voter());
    host.disk.emplace(raft::VoterId{prng_.next() | 1U});
  }
  start(member);
}

bool AgreementWorld::may_lose_directory(std::size_t member) const {
  const Host& host = *hosts_[member];
  const auto leading = leader();
  // A member that was told to begin a log alone would begin another one.
  if (!host.disk || host.begins_alone || !leading) return false;
  const raft::Raft& raft = *replica(*leading).raft();
  const raft::Membership& membership = raft.membership();
  if (raft.applied() != raft.last().index) return false;
  // Who was away may hold to other voters than those there are.
  for (const auto& one : hosts_) {
    if (!one->disk || !membership.is_member(one->disk->voter())) continue;
    if (one->member != member && !one->process) return false;
    if (one->process && one->process->replica.raft()->membership() != membership) return false;
  }
  std::size_t lost = membership.is_voter(host.disk->voter()) ? 1 : 0;
  for (const raft::VoterId voter : lost_voters_) lost += membership.is_voter(voter) ? 1U : 0U;
  return membership.voters.size() >= membership.quorum() + lost;
}

void AgreementWorld::leave(std::size_t member) {
  constexpr Duration patience = 2s;
  constexpr Duration goodbye = 300ms;
  Host& host = *hosts_[member];
  if (!host.process || host.is_leaving) return;
  host.is_leaving = true;
  give(member, [this](Host& at) {
    consensus::ReplicaEffects effects;
    at.process->replica.prepare_to_leave(at.clock.local(now()), effects);
    perform_all(at, effects);
  });
  // The others hear the goodbye before the process ends.
  timeline_.after(goodbye, [this, member, start = host.starts, until = now() + patience] {
    const auto end = [this, member, start, until](const auto& again) -> void {
      const Host& at = *hosts_[member];
      if (!at.process || at.starts != start) return;
      if (now() >= until || at.process->replica.has_handed_over()) return crash(member);
      timeline_.after(20ms, [again] { again(again); });
    };
    end(end);
  });
}

void AgreementWorld::pause(std::size_t member) {
  Host& host = *hosts_[member];
  if (!host.process || host.is_paused) return;
  host.is_paused = true;
  host.paused_since = now();
}

void AgreementWorld::resume(std::size_t member) {
  Host& host = *hosts_[member];
  if (!host.process || !host.is_paused) return;
  host.is_paused = false;
  host.timer_at = never;
  const Duration pause = now() - host.paused_since;
  if (pause > registry::LeaseKeeper::lateness_min) {
    give(member, [this, pause](Host& at) {
      at.process->agreement.on_paused(pause, at.clock.local(now()));
    });
  }
  const std::vector<Host::Waiting> waiting = std::exchange(host.waiting, {});
  const auto give_those_of = [&](Source source) {
    for (const Host::Waiting& one : waiting) {
      if (one.source == source) give(member, one.input, source);
    }
  };
  // Streams of members and of clients are read side by side: either may come first.
  const bool is_client_first = prng_.chance(0.5);
  give_those_of(is_client_first ? Source::client : Source::world);
  give_those_of(is_client_first ? Source::world : Source::client);
  if (host.process) arm_timer(host);
}

void AgreementWorld::partition(const std::set<std::size_t>& side) {
  for (std::size_t one = 0; one < hosts_.size(); ++one) {
    for (std::size_t other = 0; other < hosts_.size(); ++other) {
      if (side.contains(one) != side.contains(other)) net_.cut(one, other);
    }
  }
}

VirtualDisk* AgreementWorld::disk(std::size_t member) {
  return hosts_[member]->disk ? &*hosts_[member]->disk : nullptr;
}

void AgreementWorld::heal() {
  net_.mend_all();
  net_.set({});
  detectors_.acquit_all();
  disk_delay_max_ = WorldOptions{}.disk_delay_max;
  for (std::size_t member = 0; member < hosts_.size(); ++member) {
    Host& host = *hosts_[member];
    if (host.disk) {
      host.disk->set_full(false);
      host.disk->set_failing(0);
    }
    resume(member);
    // Who was about to leave stays, as a new life.
    if (host.is_leaving) crash(member);
    if (!host.process) start(member);
  }
}

}  // namespace rollcall::sim::agreement
