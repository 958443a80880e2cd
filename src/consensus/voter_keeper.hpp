// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "consensus/log.hpp"
#include "consensus/raft/membership.hpp"
#include "consensus/raft/raft.hpp"

namespace rollcall::consensus {

struct VoterKeeperConfig {
  std::size_t voters_wanted = 3;
  Duration replace_after = std::chrono::seconds(30);
  /// Who has not answered within this is not counted on (raft::Config::election_timeout).
  Duration heard_within = std::chrono::milliseconds(300);
};

/// The log as its leader has it now.
struct VotersNow {
  const raft::Membership& membership;
  const std::vector<raft::PeerStatus>& progress;
  raft::VoterId self{};
  bool self_leaves = false;
  LogId log;
  /// Since when it has led and was not stopped: for what was before, nobody can be blamed.
  Instant listens_since{};
  Instant now{};
};

struct HandOver {
  raft::VoterId to{};
  bool operator==(const HandOver&) const = default;
};
using VoterStep = std::variant<raft::MembershipChange, HandOver>;

/// Decides, on the leader, who should vote, and the next single step towards it.
///
/// As many voters as are wanted, but never more than the largest odd number of live candidates: of
/// an even number one more would have to answer, and one more could fail. A candidate has a data
/// directory, lives, and holds no other log. Chosen are first those of zones that have the fewest
/// voters yet; then who votes already, who learns already, and the lowest name.
///
/// A voter that failed is waited for, and after replace_after replaced: the newcomer learns, is
/// promoted, and only then the failed one goes. One that left goes at once. Who need not vote any
/// more learns on, so that its log is a spare one. Nobody is taken out before the leader has
/// listened for heard_within, and unless those who answered within that can decide without him: a
/// failure detector may not have noticed yet that a voter is gone, or has lost its directory. A
/// leader that is to leave hands over, after it has made sure that the others can decide without
/// it.
///
/// Order:   now must not decrease. on_peers() also while this member does not lead, so that a new
///          leader knows for how long somebody has failed.
/// Limits:  O(peers) a call.
/// Threads: none; the caller serialises calls.
class VoterKeeper {
 public:
  /// Live learners beyond those that are to become voters; more are sent away.
  static constexpr std::size_t spare_learners_max = 4;

  explicit VoterKeeper(const VoterKeeperConfig& config) : config_(config) {}

  void on_peers(const Peers& peers, Instant now);

  /// What to do next, the best first: the first step that the log takes is the only one to be made;
  /// ask again when it is done. Empty: all is as it should be.
  [[nodiscard]] std::vector<VoterStep> next(const VotersNow& voters);
  /// Whether somebody else could keep the log when this member goes.
  [[nodiscard]] bool has_heir(const VotersNow& voters) const;

 private:
  enum class Standing : std::uint8_t {
    live,
    lapsing,  // failed, but may come back
    lost,     // failed for too long, or of another log
    left
  };
  struct Candidate {
    raft::VoterId id{};
    std::string_view name;
    std::string_view zone;
    std::uint8_t rank = 0;
  };
  using Ids = std::vector<raft::VoterId>;
  class Plan;

  [[nodiscard]] const Peer* find(raft::VoterId id) const;
  [[nodiscard]] Standing standing(raft::VoterId id, const VotersNow& voters) const;
  /// It lives, and answered just now.
  [[nodiscard]] bool is_heard(raft::VoterId id, const VotersNow& voters) const;
  [[nodiscard]] Standing standing_since(Instant since, Instant now) const;
  void note_missing(const VotersNow& voters);
  [[nodiscard]] std::vector<Candidate> roster(const VotersNow& voters) const;

  VoterKeeperConfig config_;
  std::map<raft::VoterId, Peer> peers_;  // with a data directory
  std::map<raft::VoterId, Instant> failed_since_;
  std::map<raft::VoterId, Instant> missing_since_;  // of the membership, and nobody's
};

}  // namespace rollcall::consensus
