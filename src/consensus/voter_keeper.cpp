// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "consensus/voter_keeper.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace rollcall::consensus {
namespace {

using raft::ChangeKind;
using raft::VoterId;

/// The largest odd number up to this one; of none, none.
std::size_t odd_at_most(std::size_t number) {
  return number == 0 ? 0 : number - (number % 2 == 0 ? 1 : 0);
}
bool has(const std::vector<VoterId>& ids, VoterId id) {
  return std::ranges::find(ids, id) != ids.end();
}

/// Takes the best out of those that are left, by the zones of those that were taken before.
template <class Candidate>
class Chooser {
 public:
  explicit Chooser(std::vector<Candidate> from) : left_(std::move(from)) {}

  void take(VoterId id) {
    const auto found = std::ranges::find(left_, id, &Candidate::id);
    if (found != left_.end()) take_at(found);
  }
  void take_best() {
    take_at(std::ranges::min_element(left_, {}, [this](const Candidate& one) {
      return std::tuple(zones_.contains(one.zone) ? zones_.at(one.zone) : 0, one.rank, one.name);
    }));
  }
  [[nodiscard]] std::size_t left() const { return left_.size(); }
  [[nodiscard]] const std::vector<VoterId>& taken() const { return taken_; }

 private:
  void take_at(typename std::vector<Candidate>::iterator at) {
    ++zones_[at->zone];
    taken_.push_back(at->id);
    left_.erase(at);
  }

  std::vector<Candidate> left_;
  std::vector<VoterId> taken_;
  std::map<std::string_view, std::size_t> zones_;
};

}  // namespace

void VoterKeeper::on_peers(const Peers& peers, Instant now) {
  peers_.clear();
  for (const Peer& peer : peers) {
    if (peer.voter == 0) continue;
    // Of two with one id, one is a copy of the other's directory, or its own past.
    const auto [known, fresh] = peers_.try_emplace(VoterId{peer.voter}, peer);
    if (!fresh && !known->second.is_live()) known->second = peer;
  }
  std::map<VoterId, Instant> failed;
  for (const auto& [id, peer] : peers_) {
    if (peer.state != Peer::State::failed) continue;
    const auto known = failed_since_.find(id);
    failed.emplace(id, known == failed_since_.end() ? now : known->second);
  }
  failed_since_ = std::move(failed);
}

const Peer* VoterKeeper::find(VoterId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

void VoterKeeper::note_missing(const VotersNow& voters) {
  std::map<VoterId, Instant> missing;
  const auto note = [&](VoterId id) {
    if (find(id) != nullptr) return;
    const auto known = missing_since_.find(id);
    missing.emplace(id, known == missing_since_.end() ? voters.now : known->second);
  };
  for (const VoterId id : voters.membership.voters) note(id);
  for (const VoterId id : voters.membership.learners) note(id);
  missing_since_ = std::move(missing);
}

VoterKeeper::Standing VoterKeeper::standing_since(Instant since, Instant now) const {
  return now - since >= config_.replace_after ? Standing::lost : Standing::lapsing;
}

VoterKeeper::Standing VoterKeeper::standing(VoterId id, const VotersNow& voters) const {
  if (id == voters.self) return Standing::live;
  const Peer* peer = find(id);
  if (peer == nullptr) return standing_since(missing_since_.at(id), voters.now);
  if (peer->state == Peer::State::left) return Standing::left;
  if (!peer->log.is_nobody() && peer->log != voters.log) return Standing::lost;
  if (peer->state == Peer::State::failed) {
    return standing_since(failed_since_.at(id), voters.now);
  }
  // It lives, but its part in the log may not.
  const auto heard = std::ranges::find(voters.progress, id, &raft::PeerStatus::id);
  const bool silent =
      heard != voters.progress.end() &&
      voters.now - std::max(heard->heard, voters.listens_since) >= config_.replace_after;
  return silent ? Standing::lost : Standing::live;
}

bool VoterKeeper::is_heard(VoterId id, const VotersNow& voters) const {
  if (standing(id, voters) != Standing::live) return false;
  if (id == voters.self) return true;
  const auto heard = std::ranges::find(voters.progress, id, &raft::PeerStatus::id);
  return heard != voters.progress.end() && voters.now - heard->heard < config_.heard_within;
}

/// Everybody who could vote, and the voters that may come back.
std::vector<VoterKeeper::Candidate> VoterKeeper::roster(const VotersNow& voters) const {
  std::vector<Candidate> list;
  const auto add = [&](VoterId id, std::string_view name, std::string_view zone) {
    if (id == voters.self && voters.self_leaves) return;
    const bool votes = voters.membership.is_voter(id);
    const Standing is = standing(id, voters);
    if (is != Standing::live && !(is == Standing::lapsing && votes)) return;
    std::uint8_t rank = votes ? 0 : 2;
    if (is == Standing::lapsing) rank = 1;
    if (!votes && !voters.membership.is_learner(id)) rank = 3;
    list.push_back({.id = id, .name = name, .zone = zone, .rank = rank});
  };
  for (const auto& [id, peer] : peers_) add(id, peer.name, peer.zone);
  for (const auto& [id, since] : missing_since_) add(id, {}, {});
  return list;
}

/// One asking of next().
class VoterKeeper::Plan {
 public:
  Plan(const VoterKeeper& keeper, const VotersNow& voters) : keeper_(keeper), voters_(voters) {
    auto roster = keeper.roster(voters);
    const std::size_t able = std::min(roster.size(), keeper.config_.voters_wanted);
    const std::size_t goal = odd_at_most(able);
    Chooser<Candidate> chooser(std::move(roster));
    if (goal > 0) chooser.take(voters.self);
    while (chooser.taken().size() < goal) chooser.take_best();
    chosen_ = chooser.taken();
    while (chooser.taken().size() < able) chooser.take_best();
    spares_.assign(chooser.taken().begin() + static_cast<std::ptrdiff_t>(goal),
                   chooser.taken().end());
  }

  std::vector<VoterStep> steps() {
    if (voters_.self_leaves) return leave();
    remove_voters(Standing::left);
    if (!steps_.empty()) return std::move(steps_);
    add_chosen();
    promote_chosen();
    if (steps_.empty()) {
      remove_voters(Standing::lost);
      demote_surplus();
    }
    tend_learners();
    return std::move(steps_);
  }

 private:
  [[nodiscard]] const raft::Membership& membership() const { return voters_.membership; }
  [[nodiscard]] bool is(VoterId id, Standing wanted) const {
    return keeper_.standing(id, voters_) == wanted;
  }
  void add(ChangeKind kind, VoterId id) {
    steps_.emplace_back(raft::MembershipChange{.kind = kind, .member = id});
  }
  /// Whether those who were heard just now can decide with one more.
  [[nodiscard]] bool decides_with_one_more() const { return decides(std::nullopt, 1); }
  /// A new leader takes everybody for heard when it begins, and one that was stopped reads what was
  /// said before.
  [[nodiscard]] bool decides_without(VoterId id) const {
    return voters_.now - voters_.listens_since >= keeper_.config_.heard_within && decides(id, 0);
  }
  [[nodiscard]] bool decides(std::optional<VoterId> without, std::size_t more) const {
    std::size_t size = more;
    std::size_t heard = more;
    for (const VoterId id : membership().voters) {
      if (id == without) continue;
      ++size;
      if (keeper_.is_heard(id, voters_)) ++heard;
    }
    return heard > size / 2;
  }

  /// Who leaves hands over where the others can decide even while it still counts as a voter. Else
  /// it first sees to it that they can, and at last takes itself out.
  std::vector<VoterStep> leave() {
    const auto others = std::ranges::count_if(membership().voters, [this](VoterId id) {
      return id != voters_.self && is(id, Standing::live);
    });
    if (static_cast<std::size_t>(others) >= membership().quorum()) {
      steps_.emplace_back(HandOver{heir()});
      return std::move(steps_);
    }
    add_chosen();
    promote_chosen();
    if (!steps_.empty()) return std::move(steps_);
    remove_voters(Standing::left);
    remove_voters(Standing::lost);
    remove_voters(Standing::lapsing);
    if (steps_.empty() && others > 0 && decides_without(voters_.self)) {
      add(ChangeKind::remove, voters_.self);
    }
    return std::move(steps_);
  }
  /// The live voter that has most of the log.
  [[nodiscard]] VoterId heir() const {
    VoterId best{};
    raft::Index most{};
    for (const VoterId id : membership().voters) {
      if (id == voters_.self || !is(id, Standing::live)) continue;
      const auto at = std::ranges::find(voters_.progress, id, &raft::PeerStatus::id);
      const raft::Index match = at == voters_.progress.end() ? raft::Index{} : at->match;
      if (best != VoterId::nobody && match <= most) continue;
      best = id;
      most = match;
    }
    return best;
  }

  void remove_voters(Standing standing) {
    for (const VoterId id : membership().voters) {
      if (is(id, standing) && decides_without(id)) add(ChangeKind::remove, id);
    }
  }
  /// All of them before anybody is promoted, so that an even number of voters is soon over.
  void add_chosen() {
    for (const VoterId id : chosen_) {
      if (!membership().is_member(id)) add(ChangeKind::add_learner, id);
    }
  }
  void promote_chosen() {
    if (!steps_.empty() || !decides_with_one_more()) return;
    for (const VoterId id : chosen_) {
      if (membership().is_learner(id)) add(ChangeKind::promote, id);
    }
  }
  void demote_surplus() {
    if (!steps_.empty()) return;
    std::vector<std::tuple<bool, std::string_view, VoterId>> surplus;
    for (const VoterId id : membership().voters) {
      if (id == voters_.self || has(chosen_, id) || !decides_without(id)) continue;
      const Peer* peer = keeper_.find(id);
      surplus.emplace_back(is(id, Standing::lapsing),
                           peer == nullptr ? std::string_view() : peer->name, id);
    }
    std::ranges::sort(surplus, std::ranges::greater{});
    for (const auto& [lapsing, name, id] : surplus) add(ChangeKind::demote, id);
  }
  void tend_learners() {
    std::size_t idle = 0;
    std::optional<VoterId> surplus;
    for (const VoterId id : membership().learners) {
      if (is(id, Standing::left) || is(id, Standing::lost)) {
        add(ChangeKind::remove, id);
      } else if (!has(chosen_, id) && !has(spares_, id) && ++idle > spare_learners_max) {
        surplus = id;
      }
    }
    if (surplus) add(ChangeKind::remove, *surplus);
    for (const VoterId id : spares_) {
      if (!membership().is_member(id)) add(ChangeKind::add_learner, id);
    }
  }

  const VoterKeeper& keeper_;
  const VotersNow& voters_;
  Ids chosen_;
  Ids spares_;
  std::vector<VoterStep> steps_;
};

std::vector<VoterStep> VoterKeeper::next(const VotersNow& voters) {
  note_missing(voters);
  return Plan(*this, voters).steps();
}

bool VoterKeeper::has_heir(const VotersNow& voters) const {
  return std::ranges::any_of(peers_, [&](const auto& item) {
    return item.first != voters.self && standing(item.first, voters) == Standing::live;
  });
}

}  // namespace rollcall::consensus
