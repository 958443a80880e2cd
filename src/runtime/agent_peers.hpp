// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "consensus/log.hpp"
#include "core/membership/member_table.hpp"

namespace rollcall::runtime {

/// What the agreement must know of every member, taken from the core's records.
///
/// Limits:  O(changed) a round; the list is copied only when something in it has changed, for most
///          changes of a record (round trips, incarnations) are none of its matter.
/// Threads: none; the loop's thread.
class AgentPeers {
 public:
  /// Takes over the records in the given slots; true if the list is another now.
  bool update(const core::MemberTable& table, std::span<const core::Slot> changed);
  [[nodiscard]] consensus::Peers list() const;

 private:
  bool forget_gone(const core::MemberTable& table, std::span<const core::Slot> changed);

  std::map<std::string, consensus::Peer> peers_;
  std::vector<std::string> names_;  // by slot; empty: nobody
};

}  // namespace rollcall::runtime
