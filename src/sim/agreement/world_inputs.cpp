// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <variant>

#include "sim/agreement/world_host.hpp"

/// One input to a member at a time, and what follows from it within the member.
namespace rollcall::sim::agreement {

void AgreementWorld::settle(Host& host) {
  ++inputs_;
  give_events(host);
  host.process->replica.check_invariants();
  host.process->agreement.check_invariants();
  observer_.on_settled(host.run());
  if (host.process) arm_timer(host);
}

/// Each event's effects are performed before the next event is given.
void AgreementWorld::give_events(Host& host) {
  Process& process = *host.process;
  while (!process.events.empty()) {
    consensus::LogEvent event = std::move(process.events.front());
    process.events.pop_front();
    if (const auto* const one = std::get_if<consensus::Committed>(&event)) {
      observer_.on_committed(host.run(), *one);
    } else if (const auto* const restored = std::get_if<consensus::Restored>(&event)) {
      observer_.on_restored(host.run(), *restored);
    } else if (const auto* const leadership = std::get_if<consensus::Leadership>(&event)) {
      observer_.on_leadership(host.run(), *leadership);
    }
    consensus::AgreementEffects effects;
    process.agreement.on_log(std::move(event), host.clock.local(now()), effects);
    perform_all(host, effects);
  }
}

void AgreementWorld::arm_timer(Host& host) {
  const Process& process = *host.process;
  const Instant due = std::min(process.replica.next_deadline(), process.agreement.next_deadline());
  if (due == never) return;
  const Instant at = std::max(host.clock.world_time(due), now());
  if (at >= host.timer_at) return;
  host.timer_at = at;
  timeline_.at(
      at, [this, member = host.member, start = host.starts] { on_timer(member, start); },
      DueKind::deadline);
}

void AgreementWorld::on_timer(std::size_t member, std::uint64_t start) {
  constexpr std::size_t in_a_row_max = 1000;
  Host& host = *hosts_[member];
  if (!host.process || host.starts != start || host.is_paused || now() < host.timer_at) return;
  host.timer_at = never;
  host.timers_in_a_row = host.last_timer == now() ? host.timers_in_a_row + 1 : 0;
  host.last_timer = now();
  if (host.timers_in_a_row > in_a_row_max) {
    observer_.on_broken(host.run(), "its deadline is always now");
    crash(member);
    return;
  }
  give(member, [this](Host& at) {
    const Instant local = at.clock.local(now());
    if (at.process->replica.next_deadline() <= local) {
      consensus::ReplicaEffects effects;
      at.process->replica.on_deadline(local, effects);
      perform_all(at, effects);
    }
    if (at.process->agreement.next_deadline() <= local) {
      consensus::AgreementEffects effects;
      at.process->agreement.on_deadline(local, effects);
      perform_all(at, effects);
    }
  });
}

bool AgreementWorld::on_arrival(std::size_t from, std::size_t to, const ByteVector& bytes) {
  auto frame = consensus::decode_frame(bytes);
  if (!frame) {
    observer_.on_broken(run(from), "its frame cannot be decoded: " +
                                       std::string(consensus::to_text(frame.error())));
    return true;
  }
  return give(to, [this, name = name(from), frame = std::move(*frame)](Host& at) {
    give_frame(at, name, frame);
  });
}

void AgreementWorld::give_frame(Host& host, const std::string& from, consensus::Frame frame) {
  const Instant local = host.clock.local(now());
  // All that precede Renew in the list are the log's.
  static const std::size_t first_of_agreement = consensus::Frame(consensus::Renew{}).index();
  if (frame.index() >= first_of_agreement) {
    consensus::AgreementEffects effects;
    host.process->agreement.on_frame(from, frame, local, effects);
    perform_all(host, effects);
  } else {
    consensus::ReplicaEffects effects;
    host.process->replica.on_frame(from, std::move(frame), local, effects);
    perform_all(host, effects);
  }
}

void AgreementWorld::on_broken_stream(std::size_t from, std::size_t to) {
  give(from, [this, peer = name(to)](Host& at) {
    consensus::ReplicaEffects effects;
    at.process->replica.on_unreachable(peer, at.clock.local(now()), effects);
    perform_all(at, effects);
  });
}

}  // namespace rollcall::sim::agreement
