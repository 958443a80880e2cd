// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "base/bytes.hpp"
#include "consensus/raft/effects.hpp"
#include "consensus/replica.hpp"

namespace rollcall::runtime {

namespace raft = consensus::raft;

/// A piece of this replica's own snapshot, which TakeSnapshot asked for. Offset 0 begins anew; the
/// pieces follow without a gap. With the one that reaches snapshot.size it is the snapshot, unless
/// a later one was installed meanwhile.
struct SaveSnapshotPiece {
  raft::SnapshotMeta snapshot;
  std::uint64_t offset = 0;
  ByteVector data;
};

/// What a replica asks of the disk.
using RaftWrite =
    std::variant<raft::Store, raft::StoreChunk, SaveSnapshotPiece, consensus::KeepLog>;

/// Roughly what it takes on the disk.
std::size_t bytes_of(const RaftWrite& write);

}  // namespace rollcall::runtime
