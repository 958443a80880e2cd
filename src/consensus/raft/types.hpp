// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

/// The words of the replicated log.
namespace rollcall::consensus::raft {

/// One replica for as long as its data directory lives. Who loses the directory is a new voter: a
/// replica that forgot its votes must never come back under the old id.
enum class VoterId : std::uint64_t { nobody = 0 };

/// Election rounds; each has at most one leader. 0: before the first.
enum class Term : std::uint64_t { none = 0 };

/// Places in the log, from 1. 0: before the first.
enum class Index : std::uint64_t { none = 0 };

constexpr std::uint64_t number(VoterId id) {
  return static_cast<std::uint64_t>(id);
}
constexpr std::uint64_t number(Term term) {
  return static_cast<std::uint64_t>(term);
}
constexpr std::uint64_t number(Index index) {
  return static_cast<std::uint64_t>(index);
}

constexpr Term next(Term term) {
  return Term{number(term) + 1};
}
constexpr Index next(Index index) {
  return Index{number(index) + 1};
}
/// The index before; none stays none.
constexpr Index previous(Index index) {
  return index == Index::none ? Index::none : Index{number(index) - 1};
}
constexpr Index advanced(Index index, std::uint64_t by) {
  return Index{number(index) + by};
}
/// How many indexes lie in (low, high]; 0 if high is not above low.
constexpr std::uint64_t distance(Index low, Index high) {
  return high > low ? number(high) - number(low) : 0;
}

/// The term comes first: of two logs, the one with the greater last position is more up to date.
///
/// Source: Ongaro, "Consensus: Bridging Theory and Practice", 2014, section 3.6.1.
struct Position {
  Term term{};
  Index index{};

  auto operator<=>(const Position&) const = default;
};

enum class EntryKind : std::uint8_t {
  no_op = 1,       // begins a leader's term; not for the state machine
  command = 2,     // for the state machine
  membership = 3,  // the payload is an encoded Membership; in force from the moment it is appended
};
std::string_view to_text(EntryKind kind);

struct Entry {
  Index index{};
  Term term{};
  EntryKind kind = EntryKind::command;
  ByteVector payload;

  bool operator==(const Entry&) const = default;
};

/// What an entry counts against byte limits, in memory and in messages.
inline std::size_t size_of(const Entry& entry) {
  constexpr std::size_t head = 32;
  return head + entry.payload.size();
}

/// What a voter must never forget.
struct HardState {
  Term term{};
  VoterId voted_for{};  // in this term; nobody: not yet

  bool operator==(const HardState&) const = default;
};

}  // namespace rollcall::consensus::raft
