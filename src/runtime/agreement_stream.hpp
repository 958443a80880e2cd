// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/address.hpp"
#include "base/ids.hpp"
#include "consensus/log.hpp"
#include "runtime/unique_fd.hpp"

/// What a member's node loop hands to the thread that keeps what is agreed.
namespace rollcall::runtime {

/// A connection that another member has opened with agreement-hello, and that awaits the welcome.
struct AgreementStream {
  UniqueFd socket;  // does not block
  bool is_v4 = true;
  std::string name;  // of the member that opened it
  LifeId life;
  Address address;  // where that member is reached
};

/// Which streams faults on purpose hold back, at one moment.
struct StreamFaults {
  /// Of one peer: what he says is not heard; what is said to him does not go out.
  struct Line {
    bool is_in_cut = false;
    bool is_out_cut = false;
    bool operator==(const Line&) const = default;
  };
  /// This member does nothing at all: its thread is to wait (freeze_gate.hpp).
  bool is_frozen = false;
  Line everybody;
  std::map<Address, Line> by_peer;  // with what everybody has

  [[nodiscard]] Line of(const Address& peer) const {
    const auto found = by_peer.find(peer);
    return found == by_peer.end() ? everybody : found->second;
  }
  bool operator==(const StreamFaults&) const = default;
};

/// Whom the node loop tells. Without on_stream, openers are refused: "no agreement".
///
/// Threads: all are called on the node loop's thread, and must not wait.
struct AgreementHooks {
  std::function<void(AgreementStream)> on_stream;
  /// After every change.
  std::function<void(StreamFaults)> on_faults;
  /// Everybody known, by name, whenever what the agreement must know of them has changed.
  std::function<void(consensus::Peers)> on_peers;
};

}  // namespace rollcall::runtime
