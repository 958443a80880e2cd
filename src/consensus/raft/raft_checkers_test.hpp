// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.hpp"
#include "consensus/raft/raft.hpp"
#include "consensus/raft/text.hpp"

/// What must hold between replicas, whatever befalls them. The checkers are told what replicas did
/// and do not ask them what they think of it.
namespace rollcall::consensus::raft {

/// A hash of everything that a state machine was given, in order.
using Chain = std::uint64_t;

inline Chain chained(Chain chain, const Entry& entry) {
  chain = hash_combine(chain, number(entry.index));
  chain = hash_combine(chain, number(entry.term));
  chain = hash_combine(chain, static_cast<std::uint64_t>(entry.kind));
  return hash_combine(chain, hash_bytes(as_text(entry.payload)));
}

/// | checker              | objects when | | -------------------- |
/// ---------------------------------------------------------------------- | | election safety | a
/// term has two leaders, or one whose vote for itself is not stored     | | log matching         |
/// two logs agree at one place and differ before it                       | | leader completeness
/// | a leader lacks what anybody applied                                    | | state-machine
/// safety | two replicas apply different entries at one place, or not in order     | | durability
/// | something is applied, or acknowledged, that its disk does not have     | | writes | an
/// acknowledged write is not what was applied at its place             | | reads                | a
/// read misses what was applied anywhere when it was asked for          | | snapshots            |
/// a snapshot has another state, or another membership, than its end had  | | effects | a replica
/// asks its world for what it must not (effects.hpp)            |
class Checkers {
 public:
  /// The first objection stands; what follows from it is noise.
  void object(std::string_view checker, const std::string& what) {
    if (objection_.empty()) objection_ = std::string(checker) + ": " + what;
  }
  void require(bool holds, std::string_view checker, const std::string& what) {
    if (!holds) object(checker, what);
  }
  [[nodiscard]] const std::string& objection() const { return objection_; }

  // --- elections -----------------------------------------------------------------------------
  void led(VoterId id, const Raft& raft, const HardState& on_disk) {
    const auto [known, fresh] = leaders_.try_emplace(raft.term(), id);
    require(known->second == id, "election safety", "two leaders in term " + digits(raft.term()));
    require(on_disk == HardState{.term = raft.term(), .voted_for = id}, "election safety",
            "the vote of a leader is not on its disk");
    for (auto item = ledger_.lower_bound(raft.first()); item != ledger_.end(); ++item) {
      // One that takes office late, when others lead later terms, owes nothing to those.
      if (item->second.term >= raft.term()) continue;
      const bool has =
          item->first <= raft.last().index && raft.entry(item->first) == item->second.entry;
      require(has, "leader completeness", who(id) + " lacks " + digits(item->first));
    }
  }

  // --- logs ----------------------------------------------------------------------------------
  void compare(const Raft& a, const Raft& b) {
    Index index = std::min(a.last().index, b.last().index);
    const Index first = std::max(a.first(), b.first());
    while (index >= first && a.entry(index).term != b.entry(index).term) index = previous(index);
    for (; index >= first && index > Index::none; index = previous(index)) {
      require(a.entry(index) == b.entry(index), "log matching", "at " + digits(index));
    }
  }
  /// A follower says that it has everything up to here.
  void acknowledged(VoterId id, const AppendReply& reply, const Raft& raft,
                    const std::map<Index, Entry>& on_disk) {
    if (reply.result != AppendResult::accepted || reply.match < raft.first()) return;
    const auto kept = on_disk.find(reply.match);
    const bool is_kept = reply.match <= raft.last().index && kept != on_disk.end() &&
                         kept->second == raft.entry(reply.match);
    require(is_kept, "durability",
            who(id) + " acknowledges " + digits(reply.match) + ", which its disk does not have");
  }
  void granted(VoterId id, VoterId to, const VoteReply& reply, const HardState& on_disk) {
    if (reply.kind != VoteKind::vote || reply.vote != Vote::granted) return;
    const auto [known, fresh] = votes_.try_emplace({reply.term, id}, to);
    require(known->second == to, "election safety",
            who(id) + " votes twice in term " + digits(reply.term));
    require(on_disk.term > reply.term || on_disk == HardState{reply.term, to}, "durability",
            who(id) + " grants a vote that its disk does not have");
  }

  // --- the state machine ---------------------------------------------------------------------
  /// By a replica whose term is `term`. Returns the state after it.
  Chain applied(VoterId id, Term term, const Entry& entry, Index before, Chain state,
                const std::map<Index, Entry>& on_disk) {
    require(entry.index == next(before), "state-machine safety", who(id) + " skips an entry");
    const auto kept = on_disk.find(entry.index);
    require(kept != on_disk.end() && kept->second == entry, "durability",
            who(id) + " applies " + digits(entry.index) + ", which its disk does not have");
    const Chain after = chained(state, entry);
    const auto [known, fresh] = ledger_.try_emplace(entry.index, Applied{entry, after, term});
    require(known->second.entry == entry && known->second.after == after, "state-machine safety",
            who(id) + " applies another entry at " + digits(entry.index));
    if (fresh && entry.kind == EntryKind::membership) note_membership(entry);
    applied_max_ = std::max(applied_max_, entry.index);
    return after;
  }
  void snapshot(VoterId id, const SnapshotMeta& meta, Chain state) {
    const auto known = ledger_.find(meta.last.index);
    require(known != ledger_.end() && known->second.after == state &&
                known->second.entry.term == meta.last.term,
            "snapshots", who(id) + " has another state at " + digits(meta.last.index));
    auto then = memberships_.upper_bound(meta.last.index);
    const bool any = then != memberships_.begin();
    require(any && (--then)->second == meta.membership, "snapshots",
            who(id) + " has other members at " + digits(meta.last.index));
  }

  // --- clients -------------------------------------------------------------------------------
  void proposed(VoterId by, Position at, const ByteVector& command) {
    open_[{by, at.index}] = {at.term, hash_bytes(as_text(command))};
  }
  /// The proposer applied something at this place: the client is told.
  void answered(VoterId by, const Entry& entry) {
    const auto found = open_.find({by, entry.index});
    if (found == open_.end()) return;
    const Write write = found->second;
    open_.erase(found);
    if (write.term != entry.term) return;  // lost, and the client knows
    require(write.command == hash_bytes(as_text(entry.payload)), "writes",
            "another command is at " + digits(entry.index));
    acknowledged_[entry.index] = write;
  }
  /// A client waits in vain for an answer of who crashed; the write may still happen.
  void forget_clients_of(VoterId id) {
    std::erase_if(open_, [id](const auto& item) { return item.first.first == id; });
    std::erase_if(reads_, [id](const auto& item) { return item.second.at == id; });
  }
  /// At the end, of any replica that has everything.
  void nothing_is_lost(Index applied) {
    for (const auto& [index, write] : acknowledged_) {
      const auto known = ledger_.find(index);
      require(index <= applied && known != ledger_.end() &&
                  known->second.entry.term == write.term &&
                  hash_bytes(as_text(known->second.entry.payload)) == write.command,
              "writes", "the write at " + digits(index) + " is lost");
    }
  }
  void read_asked(VoterId at, ReadId id) { reads_[id] = {at, applied_max_}; }
  void read_refused(ReadId id) { reads_.erase(id); }
  void read_ready(VoterId by, const ReadReady& ready, Index applied) {
    const auto found = reads_.find(ready.id);
    if (found == reads_.end()) {
      return object("reads", who(by) + " answers what it was not asked");
    }
    require(applied >= found->second.floor && ready.index <= applied, "reads",
            who(by) + " reads at " + digits(applied) + " what was at " +
                digits(found->second.floor) + " already");
    reads_.erase(found);
    ++reads_done_;
  }
  void read_failed(VoterId by, ReadId id) {
    require(reads_.erase(id) == 1, "reads", who(by) + " fails what it was not asked");
  }

  [[nodiscard]] Index applied_max() const { return applied_max_; }
  [[nodiscard]] std::uint64_t reads_done() const { return reads_done_; }
  [[nodiscard]] std::size_t writes_done() const { return acknowledged_.size(); }
  [[nodiscard]] const std::map<Term, VoterId>& leaders() const { return leaders_; }

 private:
  struct Applied {
    Entry entry;
    Chain after = 0;
    Term term{};  // of who applied it first; it was committed in this term or before
  };
  struct Write {
    Term term{};
    std::uint64_t command = 0;
  };
  struct Read {
    VoterId at{};
    Index floor{};
  };

  template <class Number>
  static std::string digits(Number value) {
    return std::to_string(number(value));
  }
  static std::string who(VoterId id) { return "replica " + digits(id); }

  void note_membership(const Entry& entry) {
    memberships_[entry.index] = decode_membership(entry.payload).value_or(Membership());
  }

  std::string objection_;
  std::map<Index, Applied> ledger_;  // what anybody applied
  std::map<Index, Membership> memberships_;
  Index applied_max_{};
  std::map<Term, VoterId> leaders_;
  std::map<std::pair<Term, VoterId>, VoterId> votes_;
  std::map<std::pair<VoterId, Index>, Write> open_;
  std::map<Index, Write> acknowledged_;
  std::map<ReadId, Read> reads_;
  std::uint64_t reads_done_ = 0;
};

}  // namespace rollcall::consensus::raft
