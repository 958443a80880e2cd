// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "sim/agreement/world_host.hpp"

/// What a member asks of the world.
namespace rollcall::sim::agreement {

void AgreementWorld::perform_all(Host& host, consensus::ReplicaEffects& effects) {
  for (auto& effect : effects) {
    std::visit([&](auto& one) { perform(host, one); }, effect);
  }
}
void AgreementWorld::perform_all(Host& host, consensus::AgreementEffects& effects) {
  for (auto& effect : effects) {
    std::visit([&](auto& one) { perform(host, one); }, effect);
  }
}

// --- streams -----------------------------------------------------------------------------------
void AgreementWorld::send(Host& host, const std::string& to, const consensus::Frame& frame) {
  const auto member = find(to);
  if (!member || *member == host.member) {
    observer_.on_broken(host.run(), "sends to \"" + to + "\", who is no other member");
    return;
  }
  ByteVector bytes;
  consensus::encode_frame(frame, bytes);
  if (bytes.size() > consensus::frame_bytes_max) {
    observer_.on_broken(host.run(), "sends a frame of " + std::to_string(bytes.size()) + " bytes");
  }
  net_.send(host.member, *member, std::move(bytes));
}
void AgreementWorld::perform(Host& host, consensus::SendFrame& one) {
  send(host, one.to, one.frame);
}
void AgreementWorld::perform(Host& host, consensus::SendToMember& one) {
  send(host, one.to, one.frame);
}
void AgreementWorld::perform(Host& host, consensus::SendRaftChunk& one) {
  auto& chunk = std::get<raft::InstallChunk>(one.head.message);
  auto data = host.disk->read(chunk.snapshot.last, chunk.offset, one.size);
  if (!data) return;
  chunk.data = std::move(*data);
  send(host, one.to, one.head);
}
void AgreementWorld::perform(Host& host, consensus::SendFetchedPiece& one) {
  auto data = host.disk->read(one.snapshot, one.offset, one.size);
  if (!data) return;
  one.reply.what = consensus::FetchedPiece{.snapshot = one.snapshot,
                                           .size = host.disk->data().size(),
                                           .offset = one.offset,
                                           .data = std::move(*data)};
  send(host, one.to, one.reply);
}

// --- the disk ----------------------------------------------------------------------------------
void AgreementWorld::put(Host& host, DiskWrite write) {
  ROLLCALL_CHECK(host.disk.has_value());
  const bool was_idle = host.disk->is_idle();
  host.disk->put(std::move(write));
  if (was_idle) serve_disk(host);
}

/// The disk writes on while the process is paused; only the answers wait.
void AgreementWorld::serve_disk(Host& host) {
  constexpr Duration fastest = std::chrono::microseconds(20);
  timeline_.after(prng_.between(fastest, fastest + disk_delay_max_),
                  [this, member = host.member, start = host.starts] {
                    Host& at = *hosts_[member];
                    if (at.process && at.starts == start) end_write(at);
                  });
}

void AgreementWorld::end_write(Host& host) {
  const VirtualDisk::Ended ended = host.disk->end_write(prng_);
  if (!host.disk->is_idle()) serve_disk(host);
  give(host.member, [this, ended](Host& at) {
    consensus::ReplicaEffects effects;
    consensus::Replica& replica = at.process->replica;
    const Instant local = at.clock.local(now());
    if (const auto* const store = std::get_if<raft::Store>(&ended.write)) {
      ended.is_stored ? replica.on_stored(store->id, local, effects)
                      : replica.on_store_refused(store->id, local, effects);
    } else if (const auto* const chunk = std::get_if<raft::StoreChunk>(&ended.write)) {
      ended.is_stored ? replica.on_chunk_stored(chunk->id, local, effects)
                      : replica.on_chunk_refused(chunk->id, local, effects);
    } else if (const auto* const save = std::get_if<SaveSnapshot>(&ended.write)) {
      ended.is_stored ? replica.on_snapshot_saved(save->snapshot.size, local, effects)
                      : replica.on_snapshot_failed(local, effects);
    }
    perform_all(at, effects);
  });
}

void AgreementWorld::perform(Host& host, raft::Apply& apply) {
  for (raft::Index at = apply.first; at <= apply.last; at = raft::next(at)) {
    const raft::Entry& entry = host.process->replica.entry(at);
    if (entry.kind != raft::EntryKind::command) continue;
    const auto applied = host.process->copy.apply({.term = raft::number(entry.term),
                                                   .index = raft::number(entry.index),
                                                   .command = entry.payload});
    if (!applied) observer_.on_broken(host.run(), "the log has a command of a later version");
  }
}

void AgreementWorld::perform(Host& host, raft::RestoreSnapshot& restore) {
  const bool is_there =
      host.disk->snapshot() && host.disk->snapshot()->last == restore.snapshot.last;
  auto restored = is_there ? registry::Registry::restore(host.disk->data(), cluster_)
                           : std::unexpected(registry::RestoreError::foreign);
  if (!restored) {
    observer_.on_broken(host.run(), "its snapshot cannot be restored: " +
                                        std::string(registry::to_text(restored.error())));
    return;
  }
  host.process->copy = std::move(*restored);
}

void AgreementWorld::perform(Host& host, raft::TakeSnapshot& take) {
  SaveSnapshot save;
  save.data = host.process->copy.snapshot();
  save.snapshot = {.last = take.last, .membership = take.membership, .size = save.data.size()};
  put(host, std::move(save));
}

void AgreementWorld::perform(Host& host, consensus::GiveUpSnapshot& give_up) {
  const raft::Position last = give_up.snapshot.last;
  if (!host.disk->snapshot() || host.disk->snapshot()->last != last) {
    observer_.on_broken(host.run(), "gives up a snapshot that is not on its disk");
    return;
  }
  host.process->events.emplace_back(consensus::Restored{.term = raft::number(last.term),
                                                        .index = raft::number(last.index),
                                                        .snapshot = host.disk->data()});
}

// --- between the log and the agreement ---------------------------------------------------------
void AgreementWorld::perform(Host& host, consensus::LogEvent& event) {
  host.process->events.push_back(std::move(event));
}
void AgreementWorld::perform(Host& host, consensus::ProposeToLog& propose) {
  consensus::ReplicaEffects effects;
  consensus::Replica& replica = host.process->replica;
  const Instant local = host.clock.local(now());
  if (propose.term == 0) {
    replica.propose(propose.token, std::move(propose.command), local, effects);
  } else {
    replica.propose_as_leader(propose.token, std::move(propose.command), propose.term, local,
                              effects);
  }
  perform_all(host, effects);
}
void AgreementWorld::perform(Host& host, consensus::ReadFromLog& read) {
  consensus::ReplicaEffects effects;
  host.process->replica.read(read.token, host.clock.local(now()), effects);
  perform_all(host, effects);
}

// --- answers, and what readers are told --------------------------------------------------------
void AgreementWorld::perform(Host& host, consensus::Answered& answered) {
  auto asked = host.process->answers.extract(answered.token);
  if (asked.empty()) return observer_.on_broken(host.run(), "answers a request twice");
  asked.mapped()(answered.result);
}
void AgreementWorld::perform(Host& host, consensus::ReadAnswered& answered) {
  auto asked = host.process->read_answers.extract(answered.token);
  if (asked.empty()) return observer_.on_broken(host.run(), "answers a read twice");
  if (!answered.result) return asked.mapped()(std::unexpected(answered.result.error()));
  asked.mapped()(&host.process->agreement.registry());
}
void AgreementWorld::perform(Host& host, consensus::HeartbeatAnswered& answered) {
  auto asked = host.process->heartbeat_answers.extract(answered.token);
  if (asked.empty()) return observer_.on_broken(host.run(), "answers a heartbeat twice");
  asked.mapped()(answered.result);
}
void AgreementWorld::perform(Host& host, consensus::Changed& changed) {
  observer_.on_changed(host.run(), changed.changes);
}
void AgreementWorld::perform(Host& host, consensus::Reset&) {
  host.process->checks.clear();
  observer_.on_reset(host.run());
}
void AgreementWorld::perform(Host&, consensus::LeaderNews&) {}
void AgreementWorld::perform(Host& host, consensus::BeginCheck& begin) {
  if (!host.process->checks.insert(begin.lease).second) {
    observer_.on_broken(host.run(), "begins the check of " + begin.lease.id + " twice");
  }
}
void AgreementWorld::perform(Host& host, consensus::EndCheck& end) {
  if (host.process->checks.erase(end.lease) == 0) {
    observer_.on_broken(host.run(), "ends a check of " + end.lease.id + " that it has not begun");
  }
}
void AgreementWorld::perform(Host& host, consensus::BeginNewLife&) {
  give_later(host.member, prng_.between(20ms, 300ms), [this, old = host.life](Host& at) {
    if (at.life != old || at.is_leaving) return;
    at.life = {.boot = old.boot + 1, .id = prng_.life_id()};
  });
}

}  // namespace rollcall::sim::agreement
