// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"
#include "wire/messages.hpp"

namespace rollcall::core {

using wire::State;

/// Failed and left are final for a life: only another life follows.
constexpr bool is_final(State state) {
  return state == State::failed || state == State::left;
}
constexpr bool is_live(State state) {
  return !is_final(state);
}

/// What two records of one name are compared by.
struct Standing {
  Life life;
  std::uint32_t incarnation = 0;
  State state = State::alive;

  bool operator==(const Standing&) const = default;
};

/// Whether news replaces what is known of the same name. The one order of records, used by
/// every path: datagram, push, anti-entropy, join, own verdict.
///
/// Order:  strict and total: the later life; within a life, final (failed, left) over live;
///         left over failed; among live ones the higher incarnation; at equal incarnation
///         suspect over alive. Two records of which neither supersedes the other are equal,
///         but for the incarnation at which a life ended.
/// Source: SWIM, DSN 2002, section 4.2, where Confirm overrides everything; lives are ours
///         (PROTOCOL.md, "The order of records").
constexpr bool supersedes(const Standing& news, const Standing& known) {
  if (news.life != known.life) return news.life > known.life;
  if (is_final(news.state) || is_final(known.state)) return news.state > known.state;
  if (news.incarnation != known.incarnation) return news.incarnation > known.incarnation;
  return news.state > known.state;
}

/// A member as this node knows it.
struct Record {
  std::string name;
  Life life;
  std::uint32_t incarnation = 0;
  State state = State::alive;
  Address address;
  ByteVector tags{};  // encoded, wire/tags.hpp
  /// Who accused it or forced it out; nobody otherwise.
  LifeId witness{};
  /// When this node saw the state begin.
  Instant since{};
  /// The last measured round trip; zero if there is none.
  Duration rtt{};
  /// Others say that this life failed, while here it is live: it is told so, and looked at.
  bool failed_elsewhere = false;
  /// It failed, here or elsewhere, while it was heard (wire::Update::unfit).
  bool unfit = false;

  [[nodiscard]] Standing standing() const { return {life, incarnation, state}; }
};

/// The record as an update for the wire, with tags; it points into the record.
wire::Update to_update(const Record& record);

/// What goes into the digest of live records: equal for two nodes exactly when they agree on
/// life, incarnation, address and tags. Suspicion does not count, for it passes by itself.
std::uint64_t record_hash(const Record& record);

}  // namespace rollcall::core
