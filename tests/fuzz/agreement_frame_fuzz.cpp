// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any frame of an agreement stream is read or refused, and what was read is written back byte for
/// byte. What was read must also do no harm: it is given to a member that leads alone, and to one
/// that follows, whose own checks end the process when they contradict themselves.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "base/check.hpp"
#include "consensus/frames.hpp"
#include "consensus/replica.hpp"

namespace rollcall::consensus {
namespace {

constexpr LogId log{.high = 1, .low = 2};

ReplicaConfig config(std::uint64_t voter) {
  ReplicaConfig config;
  config.self = "a";
  config.raft.self = raft::VoterId{voter};
  return config;
}

Peers peers() {
  Peers peers(2);
  peers[0].name = "a";
  peers[1].name = "b";
  peers[1].voter = 2;
  peers[1].log = log;
  return peers;
}

/// The disk is quick and never fails; nothing else answers.
void drive(Replica& replica, const Frame& frame) {
  Instant now{};
  ReplicaEffects effects;
  const auto settle = [&] {
    for (int turn = 0; turn < 8 && !effects.empty(); ++turn) {
      const ReplicaEffects done = std::exchange(effects, {});
      for (const ReplicaEffect& effect : done) {
        if (const auto* store = std::get_if<raft::Store>(&effect)) {
          replica.on_stored(store->id, now, effects);
        }
      }
    }
  };
  replica.on_peers(peers(), now, effects);
  settle();
  for (int times = 0; times < 2; ++times) {
    replica.on_frame("b", frame, now, effects);
    settle();
    now = std::max(now, std::min(replica.next_deadline(), now + std::chrono::seconds(1)));
    replica.on_deadline(now, effects);
    settle();
  }
}

void give(const Frame& frame) {
  const raft::Membership alone{.voters = {raft::VoterId{1}}, .learners = {}};
  ReplicaStored stored{.log = log, .raft = {}};
  stored.raft.hard.term = raft::Term{2};
  stored.raft.entries = {{.index = raft::Index{1},
                          .term = raft::Term{1},
                          .kind = raft::EntryKind::membership,
                          .payload = raft::encode(alone)},
                         {.index = raft::Index{2}, .term = raft::Term{2}, .payload = {}}};
  Replica leader = std::move(Replica::create(config(1), std::move(stored), Instant{}).value());
  drive(leader, frame);
  Replica follower = std::move(Replica::create(config(0), {}, Instant{}).value());
  drive(follower, frame);
}

void fuzz(Bytes bytes) {
  const auto frame = decode_frame(bytes);
  if (!frame) return;
  ByteVector again;
  encode_frame(*frame, again);
  ROLLCALL_CHECK(std::ranges::equal(again, bytes));
  give(*frame);
}

}  // namespace
}  // namespace rollcall::consensus

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::consensus::fuzz(std::as_bytes(std::span(data, size)));
  return 0;
}
