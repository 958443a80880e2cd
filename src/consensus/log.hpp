// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/time.hpp"

/// The port that the registry stands on: commands in, committed commands out, in one order for
/// everybody. Two engines fill it: voters among the members themselves (replica.hpp), and an etcd
/// cluster beside them.
namespace rollcall::consensus {

/// One replicated log, drawn when it was begun. Nobody: not known.
using LogId = LifeId;

/// What a member asked the log for; numbered by whoever asks.
enum class ProposalToken : std::uint64_t {};
enum class ReadToken : std::uint64_t {};

/// The next committed command. Index grows; what lies between two is the log's own.
struct Committed {
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  ByteVector command;
};

/// This member was too far behind for single commands: its state is to be replaced by this
/// snapshot of the registry, which is as after `index`.
struct Restored {
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  ByteVector snapshot;
};

/// What was given up so far has everything that was committed before the read was asked for.
struct ReadReady {
  ReadToken token{};
};
enum class LogRefusal : std::uint8_t {
  no_leader,   // nobody leads now, or it cannot be reached: try again soon
  overloaded,  // too much is under way: try again a little later
  too_large    // no log takes a command of that size
};
struct ReadFailed {
  ReadToken token{};
  LogRefusal why{};
};
/// It was not appended as far as this member knows; whoever asks again must be able to bear that
/// it was. A proposal that is neither refused nor committed may be lost: ask again after a while.
struct ProposalRefused {
  ProposalToken token{};
  LogRefusal why{};
};

/// Who decides now. At most one member leads in a term.
struct Leadership {
  /// This member leads, and everything that was committed in earlier terms was given up before.
  bool is_leading = false;
  std::uint64_t term = 0;
  std::string leader;  // a member's name; empty: nobody is known
};

using LogEvent =
    std::variant<Committed, Restored, ReadReady, ReadFailed, ProposalRefused, Leadership>;

/// How the log is doing, for people.
struct LogStatus {
  std::string engine;  // "raft", "etcd"
  LogId log;
  std::string role;  // "leader", "voter", "learner", "follower" (follows without a vote), "none"
  std::uint64_t term = 0;
  std::string leader;
  std::uint64_t commit = 0;
  std::uint64_t applied = 0;
  std::vector<std::string> voters;  // by name, or "voter-<hex>" where the name is not known
  std::vector<std::string> learners;
  /// For how long it has not been known to be up to date; zero while it is. `never` less start:
  /// it never was.
  Duration stale_for{};
  /// Why writes are refused now, as a sentence; empty: they are not.
  std::string trouble;
};

/// One member of the cluster, as this member's failure detector knows it.
struct Peer {
  enum class State : std::uint8_t { alive, suspect, failed, left };

  std::string name;
  Life life;
  State state = State::alive;
  /// False: it takes no part in what is agreed (agreement is off there), and is in no view.
  bool takes_part = true;
  /// Draws from its data directory, and says to all; 0: it has none and cannot vote.
  std::uint64_t voter = 0;
  /// The log that its data directory holds; nobody: none yet.
  LogId log;
  /// With how many members it waits to begin a log (--bootstrap-expect); 0: it does not.
  std::uint16_t expects = 0;
  std::string zone;     // of its tag "zone"
  std::string address;  // "host:port"

  /// Not failed, and not gone.
  [[nodiscard]] bool is_live() const { return state == State::alive || state == State::suspect; }

  bool operator==(const Peer&) const = default;
};
/// Everybody known, by name; self included.
using Peers = std::vector<Peer>;

}  // namespace rollcall::consensus
