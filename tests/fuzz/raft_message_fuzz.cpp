// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

/// Any message of the replicated log is read or refused, and what was read is written back byte for
/// byte. What was read must also do no harm: it is given to a replica, whose own checks end the
/// process when it contradicts itself.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.hpp"
#include "consensus/raft/codec.hpp"
#include "consensus/raft/raft.hpp"

namespace rollcall::consensus::raft {
namespace {

/// Replica 1 of three, with a few entries.
Raft replica() {
  Config config;
  config.self = VoterId{1};
  Stored stored;
  stored.hard.term = Term{2};
  const Membership membership{.voters = {VoterId{1}, VoterId{2}, VoterId{3}}, .learners = {}};
  stored.entries = {{.index = Index{1},
                     .term = Term{1},
                     .kind = EntryKind::membership,
                     .payload = encode(membership)},
                    {.index = Index{2}, .term = Term{1}, .payload = {}},
                    {.index = Index{3}, .term = Term{2}, .payload = {}},
                    {.index = Index{4}, .term = Term{2}, .payload = {}}};
  return std::move(Raft::create(config, std::move(stored), 1, Instant{}).value());
}

/// What the replica asks of its disk, done.
void serve_disk(Raft& raft, Effects& asked) {
  constexpr int steps_max = 16;
  for (int step = 0; step < steps_max && !asked.empty(); ++step) {
    const std::vector<Effect> effects = std::exchange(asked.list(), {});
    for (const Effect& effect : effects) {
      if (const auto* store = std::get_if<Store>(&effect)) raft.on_stored(store->id, {}, asked);
      if (const auto* piece = std::get_if<StoreChunk>(&effect)) {
        raft.on_chunk_stored(piece->id, {}, asked);
      }
    }
  }
}

/// Twice, for what is doubled; and after it something ordinary, which it may have made impossible.
void give(const Message& message) {
  Raft raft = replica();
  Effects effects;
  for (int times = 0; times < 2; ++times) {
    raft.on_message(VoterId{2}, message, Instant{}, effects);
    serve_disk(raft, effects);
  }
  raft.on_message(VoterId{2},
                  Append{.term = Term{2},
                         .previous = {.term = Term{1}, .index = Index{2}},
                         .commit = Index{2},
                         .round = 0,
                         .entries = {{.index = Index{3}, .term = Term{1}, .payload = {}}}},
                  Instant{}, effects);
  serve_disk(raft, effects);
}

void fuzz(Bytes bytes) {
  const auto message = decode_message(bytes);
  if (!message) return;
  ByteVector again;
  encode(*message, again);
  ROLLCALL_CHECK(std::ranges::equal(again, bytes));
  give(*message);
}

}  // namespace
}  // namespace rollcall::consensus::raft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rollcall::consensus::raft::fuzz(std::as_bytes(std::span(data, size)));
  return 0;
}
